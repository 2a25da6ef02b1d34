"""What joins the floors to one another and to the outside: the bridge, imports, accounting, intake.

Comes in: commands of the web and steps of processes. Goes out: changed rows of engine and registry in one
transaction. It never speaks HTTP to a browser. Next: ``integrations/tasks/__init__.py``.
"""
