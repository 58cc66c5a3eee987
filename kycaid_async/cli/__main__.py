"""``python -m kycaid_async.cli``, for when the scripts' directory is not on the PATH."""

from kycaid_async.cli import main

if __name__ == "__main__":
    main()
