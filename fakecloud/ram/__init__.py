"""RAM of the emulated cloud: roles, users, policies, attachments and tags of each account. Judges no call's permission."""
