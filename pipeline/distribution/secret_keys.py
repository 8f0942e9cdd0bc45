"""The keys that credentials in the database are encrypted by (Fernet), the newest first."""


class SecretKeyError(Exception):
    """A key is no key, or none of them fits; the message says what to do and quotes none."""


class SecretKeys:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: str) -> None:
        """`keys`: with commas between. Raises: SecretKeyError."""
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError:
            raise SecretKeyError(
                "PRESSROOM_SECRET_KEYS takes keys of `pressroom secrets new-key`, with commas between."
            ) from None

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, ciphertext: bytes) -> str:
        """Raises: SecretKeyError: it was encrypted by another key, or changed since."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(ciphertext).decode()
        except InvalidToken:
            raise SecretKeyError("none of the keys in PRESSROOM_SECRET_KEYS fits it.") from None

    def rotate(self, ciphertext: bytes) -> bytes:
        """The same, encrypted by the first key. Raises: SecretKeyError."""
        return self.encrypt(self.decrypt(ciphertext))

    @staticmethod
    def new() -> str:
        from cryptography.fernet import Fernet

        return Fernet.generate_key().decode()

    def __repr__(self) -> str:
        return "SecretKeys(…)"
