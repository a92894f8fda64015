"""Price a call, exactly: whole millionths inside, rounded once by the tariff's rule, with every step told.

The rules stand in docs/pricing-rules.md. Read in this order: book (the way of a call), tariffs (which rate), calendars
(which band), charging (how much), explaining (the steps in words), loading (all of it from the database).
"""

from accounting.services.rating.book import Explanation, Price, PriceBook, Quote
from accounting.services.rating.explaining import Step, Topic
from accounting.services.rating.loading import load_price_book

__all__ = ["Explanation", "Price", "PriceBook", "Quote", "Step", "Topic", "load_price_book"]
