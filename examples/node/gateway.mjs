// A shop in Node without a Kafka client: session, events and prompts over HTTP. Needs Node alone.
//
//     KEY=... GATEWAY=http://127.0.0.1:8090 node gateway.mjs
//
// KEY is one of the gateway's GOESWITH_GATEWAY_KEYS: it stays on the server. What is done with the
// token could as well be done by the shopper's page.

import { randomUUID } from "node:crypto";

const GATEWAY = process.env.GATEWAY ?? "http://127.0.0.1:8090";
const SESSION = process.env.SESSION ?? randomUUID();
const PATIENCE_MS = 30_000;

// Said in one line: a stack trace tells nobody whether the gateway runs.
process.on("uncaughtException", (error) => {
  console.error(`${GATEWAY}: ${error.cause?.message || error.cause?.code || error.message}`);
  process.exit(1);
});

async function asked(path, credential, body) {
  const answer = await fetch(GATEWAY + path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function send(token, fields) {
  const now = Date.now();
  const event = { event_id: randomUUID(), occurred_at_ms: now, sent_at_ms: now, ...fields };
  const { results } = await (await asked("/v1/events", token, [event])).json();
  console.log(`sent ${event.type}: ${results[0].status}`); // Kafka has it, or it is no event
}

// Server-sent events: lines `name: value`, an empty line between two of them.
async function* events(stream) {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      yield Object.fromEntries(lines);
    }
  }
}

const minted = await asked("/v1/sessions", process.env.KEY, { session_id: SESSION });
const { token } = await minted.json();
const stream = await asked("/v1/prompts/stream", token);
await send(token, { type: "item_added", item_id: "bread", price_minor: 249, currency: "EUR" });
for await (const { event, data } of events(stream.body)) {
  if (event !== "prompt") continue;
  const prompt = JSON.parse(data);
  const items = prompt.items.map((item) => item.item_id).join(", ");
  console.log(`${prompt.anchor}: ${items} (${prompt.reason.text})`);
  await send(token, { type: "prompt_shown", receipt: prompt.receipt });
  break; // a page would go on reading
}
