"""The columnar copy of the call records: Parquet files by day and month that answer reports over millions of calls.

The database is the truth. A day of the copy is used only while no transaction has touched it since it was copied; all
other days are answered by the database, and the sums are merged. Everything works without any copy.
"""
