// A shop's server in Node, with kafkajs: sends an event, shows the prompt that it causes, says so.
//
//     npm ci && BOOTSTRAP=127.0.0.1:9092 node shop.mjs
//
// goeswith knows what goes with bread once it has seen a few baskets: run ../producer.py first.
// It needs Apache Kafka: the demo's broker in memory does not do for kafkajs. Over HTTP, with the
// demo too, gateway.mjs does the same.

import { randomUUID } from "node:crypto";
import { Kafka, Partitioners, logLevel } from "kafkajs";

const PREFIX = process.env.PREFIX ?? "goeswith";
const SESSION = process.env.SESSION ?? randomUUID(); // the visit: a real one is in a cookie
const PATIENCE_MS = 30_000;

const kafka = new Kafka({
  brokers: [process.env.BOOTSTRAP ?? "127.0.0.1:9092"],
  logLevel: logLevel.ERROR,
});
// murmur2, as Kafka's Java client has it: whoever writes events has to pick the same partition.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const groupId = `${PREFIX}-example-${randomUUID()}`;
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 500 });

async function send(fields) {
  const now = Date.now();
  const event = {
    schema_version: 2,
    event_id: randomUUID(), // the same again when it is sent again: repeats are dropped by it
    session_id: SESSION,
    occurred_at_ms: now,
    ...fields,
  };
  const message = { key: SESSION, value: JSON.stringify(event) }; // the key keeps a visit in order
  const [told] = await producer.send({ topic: `${PREFIX}.events`, acks: -1, messages: [message] });
  console.log(`sent ${event.type} to partition ${told.partition}`);
  return event.event_id;
}

// Prompts of all sessions come by: a real one reads on, keeps those of the pages that are open,
// and hides what a `prompt_withdrawn` names.
function firstPrompt() {
  return new Promise((resolve, reject) => {
    const wait = setTimeout(() => reject(new Error("no prompt came")), PATIENCE_MS);
    const eachMessage = async ({ message }) => {
      if (message.key?.toString() !== SESSION) return;
      const said = JSON.parse(message.value);
      if (said.type !== "prompt" || said.expires_at_ms <= Date.now()) return;
      clearTimeout(wait);
      resolve(said);
    };
    consumer.run({ eachMessage }).catch(reject);
  });
}

await producer.connect();
await consumer.connect();
const joined = new Promise((resolve) => consumer.on(consumer.events.FETCH, resolve));
await consumer.subscribe({ topic: `${PREFIX}.prompts`, fromBeginning: false });
try {
  const coming = firstPrompt();
  await joined; // the end of the topic is that of before the event
  await send({ type: "item_added", item_id: "bread", price_minor: 249, currency: "EUR" });
  const prompt = await coming;
  const items = prompt.items.map((item) => item.item_id).join(", ");
  console.log(`${prompt.anchor}: ${items} (${prompt.reason.text})`);
  await send({ type: "prompt_shown", receipt: prompt.receipt }); // without it nothing is learned
} finally {
  await consumer.disconnect();
  await producer.disconnect();
}
