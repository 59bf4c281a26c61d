"""Where archives and artifacts come from: statements, bills of materials, signatures, audits."""
