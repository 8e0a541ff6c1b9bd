/** The shop's own script: its basket, and what goeswith is told of it. */

await customElements.whenDefined("goes-with");
const { client } = document.querySelector("goes-with");
const basket = JSON.parse(sessionStorage.getItem("basket") ?? "[]");

function put(item) {
  if (item) basket.push(item);
  sessionStorage.setItem("basket", JSON.stringify(basket));
  document.querySelector("#basket").value = basket.length;
}

document.querySelector("#add").addEventListener("click", () => {
  put("bread");
  client.send({ type: "item_added", item_id: "bread", price_minor: 420, currency: "EUR" });
});

// An add from a prompt: goeswith is told of it by the element.
document.addEventListener("goes-with:add", (event) => put(event.detail.item_id));

put();
