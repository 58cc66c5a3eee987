"""``python -m kycaid_async.sandbox``."""

from kycaid_async.signals import exit_at_once

if __name__ == "__main__":
    exit_at_once()
    from kycaid_async.sandbox.command import main

    main()
