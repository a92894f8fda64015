"""What the web server reads at its start, however it is started."""

# Without the query, should somebody switch the access log on: phones send PINs in it.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
