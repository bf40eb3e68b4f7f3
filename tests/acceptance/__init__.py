"""The product as its users meet it: the command, HTTP, a file and a public key. Nothing is imported but clients."""
