"""From click to prompt: `python -m tests.lab.demo.web.latency [PROMPTS]`.

A visitor adds staples in a real browser, one visit after the other, at moments spread over the
worker's rounds; a clock in the page notes the click and the first frame in which the prompt is
there. Adds that get silence (a pause, the cap) are counted apart.
"""

import asyncio
import sys
from itertools import cycle

from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, Visitor, running_demo, visitor
from tests.storefront.gateway.browser.conftest import ARGUMENTS

STAPLES = ("bread", "pasta", "chips", "coffee", "tea", "printer", "phone", "torch", "tent", "rice")
PROMPTS = 60
ADDS_MAX = 200
ADDS_A_VISIT = 5
PAUSE_MS = 2_300
"""Longer than the second of an impression, and the demo's cool-down of a second after it."""
P50_MS, P99_MS = 150, 600
CLICK = """(id) => new Promise((resolve) => {
  const element = document.querySelector("goes-with");
  const seen = element.shadowRoot.querySelector("section");
  const begun = performance.now();
  document.querySelector(`[data-add="${id}"]`).click();
  const look = () => {
    const section = element.shadowRoot.querySelector("section[part=prompt]:has([part=items])");
    const now = performance.now();
    if (section && section !== seen && section.checkVisibility()) resolve(now - begun);
    else if (now - begun > 3000) resolve(null);
    else requestAnimationFrame(look);
  };
  look();
})"""


async def measured(demo: RunningDemo, prompts: int) -> tuple[list[float], int]:
    """Milliseconds from click to prompt, of each add that got one; and how many got none."""
    took: list[float] = []
    silent = 0
    staples = cycle(STAPLES)
    async with chromium(ARGUMENTS) as browser:
        while len(took) < prompts and len(took) + silent < ADDS_MAX:
            context = await browser.new_context(reduced_motion="reduce")
            async with visitor(demo, context) as ann:
                for _ in range(ADDS_A_VISIT):
                    said = await _add(ann, next(staples))
                    silent += said is None
                    took += [] if said is None else [said]
            sys.stderr.write(f"{len(took)} prompts, {silent} silences\n")
            await context.close()
    return took, silent


async def _add(ann: Visitor, item: str) -> float | None:
    await ann.page.wait_for_timeout(PAUSE_MS + 37 * (hash(item) % 7))
    said: float | None = await ann.page.evaluate(CLICK, item)
    return said


def at(share: float, took: list[float]) -> float:
    """The quantile of what was measured: the smallest that this share does not exceed."""
    return sorted(took)[min(len(took) - 1, int(share * len(took)))]


def main(prompts: int) -> int:
    """Measure and print; 1 where a bound is missed."""
    with running_demo("--rate", "100") as demo:
        took, silent = asyncio.run(measured(demo, prompts))
    p50, p99 = at(0.5, took), at(0.99, took)
    sys.stdout.write(
        f"{len(took)} prompts, {silent} adds with silence: click to prompt visible "
        f"p50 {p50:.0f} ms (at most {P50_MS}), p99 {p99:.0f} ms (at most {P99_MS}), "
        f"worst {max(took):.0f} ms\n"
    )
    return int(p50 > P50_MS or p99 > P99_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PROMPTS))
