"""The companion command of the Castrum template: it passes the right things to Copier and renders nothing itself."""
