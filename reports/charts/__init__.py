"""Charts: one definition, drawn the same on pages, in documents and in mails."""
