"""How the SQL schema came about, step by step; `upgrade` brings a database to the newest."""
