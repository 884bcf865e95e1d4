"""The models: each says how likely a shopper with a history is to like each of some items.

All have one interface, ``ranking.models.model.Model``: ``score(history, candidates, need)`` gives calibrated p(like),
``scores(histories)`` ranks the whole catalogue. Each is in a module of its own and knows nothing of the others:
``plain`` (popularity, same category, transitions), ``content``, ``neighbours``, ``autoencoder`` (EASE), ``linear``
(logistic regression, linear SVM) and ``network``, which is what ships.
"""
