"""The tables of conversations: sessions, their turns, what these showed, and what people thought of it.

Knows columns. Who reads and writes them: ``chat.store``, and for the team that runs the shop ``chat.outcomes``,
``chat.conversations``, ``chat.demand`` and ``chat.saved_cases``.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("chat")


@migrations()
def m001_initial(db: Database) -> None:
    """Sessions, turns, and the items that each turn showed."""
    db.execute(
        "CREATE TABLE sessions (id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, started REAL NOT NULL,"
        " seen REAL NOT NULL, need TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE turns (id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,"
        " number INTEGER NOT NULL, time REAL NOT NULL, message TEXT NOT NULL, personalised INTEGER NOT NULL,"
        " need TEXT NOT NULL, understanding TEXT NOT NULL, answer TEXT NOT NULL, sentences TEXT NOT NULL,"
        " prompts TEXT NOT NULL, llm TEXT NOT NULL, reranker TEXT NOT NULL, candidates TEXT NOT NULL,"
        " timings TEXT NOT NULL, usage TEXT NOT NULL, llm_reached INTEGER NOT NULL, finished INTEGER NOT NULL,"
        " searched INTEGER NOT NULL)"
    )
    db.execute("CREATE UNIQUE INDEX turns_by_session ON turns (session_id, number)")
    db.execute(
        "CREATE TABLE shown (turn_id TEXT NOT NULL REFERENCES turns(id) ON DELETE CASCADE, position INTEGER NOT NULL,"
        " item_id TEXT NOT NULL, score REAL NOT NULL, relevance REAL NOT NULL, reason TEXT NOT NULL,"
        " outside TEXT NOT NULL, PRIMARY KEY (turn_id, position))"
    )


@migrations()
def m002_thumbs(db: Database) -> None:
    """What shoppers thought of an answer: 1 up, -1 down."""
    db.execute(
        "CREATE TABLE thumbs (turn_id TEXT PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE,"
        " thumb INTEGER NOT NULL, time REAL NOT NULL)"
    )


@migrations()
def m003_copied_turns(db: Database) -> None:
    """Turns that stand in a session only because it begins as another one did."""
    db.execute("CREATE TABLE copied_turns (turn_id TEXT PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE)")


@migrations()
def m004_compared(db: Database) -> None:
    """Whether a turn set what it showed side by side."""
    db.execute("ALTER TABLE turns ADD COLUMN compared INTEGER NOT NULL DEFAULT 0")


@migrations()
def m005_session_prompts(db: Database) -> None:
    """Which version of each prompt a session began with, and keeps."""
    db.execute("ALTER TABLE sessions ADD COLUMN prompts TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m006_site_and_labels(db: Database) -> None:
    """On which site a session began, and what the shop's team calls it."""
    db.execute("ALTER TABLE sessions ADD COLUMN site TEXT NOT NULL DEFAULT ''")
    db.execute(
        "CREATE TABLE session_labels (session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,"
        " label TEXT NOT NULL, who TEXT NOT NULL, time REAL NOT NULL, PRIMARY KEY (session_id, label))"
    )


@migrations()
def m007_intents(db: Database) -> None:
    """What kind of message each turn was read as; "" of those before."""
    db.execute("ALTER TABLE turns ADD COLUMN intent TEXT NOT NULL DEFAULT ''")


@migrations()
def m008_saved_cases(db: Database) -> None:
    """From which conversation, and whose, a case was made: kept beside the file, so that an erasure finds it."""
    # Without a reference to the session, which goes for its age while the case stays.
    db.execute(
        "CREATE TABLE saved_cases (source TEXT PRIMARY KEY, session_id TEXT NOT NULL, shopper_id TEXT NOT NULL,"
        " who TEXT NOT NULL, time REAL NOT NULL)"
    )


@migrations()
def m009_holdout(db: Database) -> None:
    """Which share of conversations was not personalised when a session began, and whether it is one of them."""
    db.execute("ALTER TABLE sessions ADD COLUMN holdout REAL NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE sessions ADD COLUMN held_out INTEGER NOT NULL DEFAULT 0")
