"""The demo town and the journey of one request through it.

Comes in: an empty database. Goes out: a town that has lived eight months by the real verbs and the real engine, and
the story of one more request, told step by step. It never writes a row by another way than the product's own. Next:
``web/demo/founding.py``, then ``web/demo/journey.py``.
"""
