"""Names of headers as they are sent.

Kafka calls them strings of UTF-8, and takes any bytes. A name that is none keeps its bytes here: it
is a `HeaderName`, and is sent again as it came.
"""


class HeaderName(str):
    r"""A header's name that is not UTF-8, its odd bytes as lone surrogates (PEP 383).

    kafka-python asks a name to encode itself, when it measures and when it writes one.

    >>> HeaderName(b"caf\xe9".decode("utf-8", "surrogateescape")).encode()
    b'caf\xe9'
    """

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> bytes:
        """The bytes that it was sent as."""
        return super().encode(encoding, errors)


def header_name(sent: bytes) -> str:
    r"""The name that these bytes are.

    >>> header_name(b"sender"), header_name(b"caf\xe9").encode()
    ('sender', b'caf\xe9')
    """
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return HeaderName(sent.decode("utf-8", "surrogateescape"))


def readable(name: str) -> str:
    r"""The name as UTF-8, with what is none of it escaped.

    >>> readable(header_name(b"caf\xe9")), readable("café")
    ('caf\\xe9', 'café')
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
