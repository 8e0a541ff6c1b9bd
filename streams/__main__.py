"""`python -m streams` is `goeswith`."""

from streams.cli.root import main

if __name__ == "__main__":
    main()
