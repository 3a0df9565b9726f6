"""The example network: real schools and FKBs, and a constructed catalogue around them."""
