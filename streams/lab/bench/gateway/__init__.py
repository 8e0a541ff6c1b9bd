"""The gateway under load: streams, posts and waiting posts, beside a bare FastAPI stream."""
