"""The gate that most tests of policy ask through: procurement's commitment, as its schema has it."""

from converge_cli.core.pack_spec import ContextField, GateSpec

COMMITMENT = GateSpec(
    pack="procurement",
    on="Strategies:commitment:*",
    action="commit",
    resource_kind="spend",
    resource_phase="commitment",
    resource_id="vendor",
    context={"amount": ContextField("money", "price")},
)
