"""What is known of backends before any of them is imported."""

from __future__ import annotations

import subprocess
import sys

from orchestrator.backends.cards import LISTINGS


def test_listings_are_named_as_their_cards_and_have_two_models() -> None:
    for name, listing in LISTINGS.items():
        assert listing.card.name == name
        assert listing.card.default_model
        assert listing.card.cheap_model


def test_only_the_rehearsal_is_simulated_and_needs_no_key() -> None:
    assert [name for name, listing in LISTINGS.items() if listing.card.simulated] == ["rehearsal"]
    assert [name for name, listing in LISTINGS.items() if not listing.needs_key] == ["rehearsal"]
    assert LISTINGS["anthropic"].key_variable == "ANTHROPIC_API_KEY"
    assert LISTINGS["anthropic"].base_url_variable == "ANTHROPIC_BASE_URL"


def test_the_listed_models_are_ones_the_sdk_knows_as_current() -> None:
    from anthropic.resources.messages.messages import DEPRECATED_MODELS
    from anthropic.types.model_param import ModelParam

    known = str(ModelParam)
    for model in (LISTINGS["anthropic"].card.default_model, LISTINGS["anthropic"].card.cheap_model):
        assert repr(model) in known
        assert model not in DEPRECATED_MODELS


def test_neither_listings_nor_backends_import_what_is_heavy() -> None:
    program = (
        "import sys\n"
        "import orchestrator.backends.cards, orchestrator.backends.router\n"
        "import orchestrator.backends.rehearsal, orchestrator.backends.anthropic_api\n"
        "print([name for name in ('anthropic', 'aiohttp', 'httpx2', 'jsonschema') if name in sys.modules])\n"
    )
    path = {"PYTHONPATH": ":".join(part for part in sys.path if part)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=path, capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "[]"
