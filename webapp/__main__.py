"""`python -m webapp` does what `backup-credentials` does."""

from webapp.commands import main

if __name__ == "__main__":
    main()
