"""All arms by name, as controls, guardrails and pages know them.

Arms for everybody, those that say what the catalogue or a curator says, and those that are made for
one basket or page. Of the last a shadow would tell nothing: what they name (an amount that is
missing, a discount, points, a better item) is worked out for who is there.
"""

from streams.shop.decision.arms import ARMS, BEST_WORTH
from streams.shop.decision.catalog.told_arms import TOLD_ARMS
from streams.shop.decision.slots import bundles, loyalty, top_up, upgrades

OFFER_ARMS = (bundles.ARM, loyalty.ARM, top_up.ARM, upgrades.ARM)
"""Made for one basket or page."""
NEEDING = (*TOLD_ARMS, BEST_WORTH, *OFFER_ARMS)
"""Those that need more than the log: a catalogue, a curator, a control."""
ARM_NAMES = (*ARMS, *NEEDING)
"""All that a control can name."""
SPEAKING = tuple(name for name in ARM_NAMES if name != BEST_WORTH)
"""Those with texts of their own: `best_worth` has those of its sources."""
