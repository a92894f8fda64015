"""What report pages do: the figures of the home page, saved reports, and how often reports are used."""
