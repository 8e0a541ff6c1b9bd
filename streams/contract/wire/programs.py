"""The settings of each program and of its connections, of which a module has its own kind."""

from streams.contract.wire.connection import ConnectionSettings
from streams.contract.wire.console import ConsoleSettings
from streams.contract.wire.gateway import GatewaySettings
from streams.contract.wire.intake import IntakeSettings
from streams.contract.wire.shop.catalog import CatalogSettings
from streams.contract.wire.shop.checkpoints import CheckpointSettings
from streams.contract.wire.shop.returns import ReturnSettings
from streams.contract.wire.shop.rewards import RewardSettings
from streams.contract.wire.shop.shipping import ShippingSettings
from streams.contract.wire.shop.slots import SlotSettings
from streams.contract.wire.shop.withdrawals import WithdrawalSettings
from streams.contract.wire.watching.page import PageSettings
from streams.contract.wire.watching.tracing import TracingSettings


class ProgramSettings(
    CheckpointSettings,
    TracingSettings,
    PageSettings,
    ShippingSettings,
    SlotSettings,
    WithdrawalSettings,
    ReturnSettings,
    RewardSettings,
    CatalogSettings,
    IntakeSettings,
    ConsoleSettings,
    GatewaySettings,
    ConnectionSettings,
):
    """All of them, in the order of the documentation's tables, last first."""
