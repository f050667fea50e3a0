"""Serve the classifier over HTTP, on this machine alone unless told otherwise."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..classifier import TIERS
from ..errors import InputError, MissingExtraError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument("--tier", choices=TIERS, help="default: accurate where it is installed, else fast")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--allow-remote", action="store_true", help="let other machines reach it (no authentication)")


def run(arguments: argparse.Namespace) -> int:
    """Run the server until it is stopped."""
    try:
        import uvicorn

        from ddclassify_service.app import create_app
        from ddclassify_service.settings import Settings
    except ModuleNotFoundError:
        raise MissingExtraError("the service", "service") from None
    from ..modelfolder import read_model_folder

    if not 0 < arguments.port < 65536:
        raise InputError(f"port {arguments.port}: a port lies between 1 and 65535")
    model = Path(arguments.model) if arguments.model else None
    settings = Settings(model, arguments.tier, arguments.host, arguments.port, arguments.allow_remote)
    if model:
        read_model_folder(model)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="info")
    return 0
