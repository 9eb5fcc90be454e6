"""Who calls: access tokens, their claims, and the keys that they are signed with."""
