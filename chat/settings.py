"""Every setting of Shoptalk, read in this one place from the environment (prefix ``SHOPTALK_``) or an ``.env`` file."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings with their defaults: one laptop, the built-in LLM on the CPU, the built-in encoder."""

    model_config = SettingsConfigDict(env_prefix="SHOPTALK_", env_file=".env", extra="ignore")

    home: Path = Field(Path(".shoptalk"), description="Folder of this shop's state: database, index, reranker, logs.")
    models: Path = Field(
        Path.home() / ".cache" / "shoptalk",
        description="Folder of converted models; shared by all shops of this machine.",
    )
    shop_name: str = Field("this shop", description="How the assistant names the shop.")
    currency: str = Field("", description="ISO 4217 code; empty: the catalogue's most frequent one.")

    language: str = Field(
        "en",
        description="Of the page's and the widget's own words, where a visitor's browser names none that there is.",
    )

    chroma_url: str = Field(
        "", description="Chroma server that keeps the vectors, e.g. http://host:8000; empty: the home folder does."
    )

    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(7860, description="Port of the web server.")

    page_login: bool = Field(
        False, description="Whether the shopper's page wants an account, see shoptalk accounts; the API never does."
    )
    frame_ancestors: str = Field(
        "", description="Origins whose pages may show the shopper's page in a frame, parted by spaces; empty: its own."
    )

    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of your own proxies, e.g. 127.0.0.1, 10.0.0.0/8: of a request that comes "
        "from one of them X-Forwarded-For says who asks. Empty: nobody's is believed.",
    )
    api_open_answers: int = Field(64, description="Answers, of the API and the page, that are made at once; more wait.")
    api_waiting_answers: int = Field(64, description="Answers that may wait for their turn; beyond it: 503.")
    api_waiting_s: float = Field(10.0, description="Longest wait for one's turn; after it: 503.")
    api_heartbeat_s: float = Field(15.0, description="Silence after which the API's streams say that they are alive.")

    keep_conversations_days: float = Field(
        30.0, description="After so many days without a word a conversation is erased; 0: it is kept."
    )
    keep_events_days: float = Field(
        0.0, description="After so many days an event of a known shopper is erased; 0: only on request."
    )
    keep_rejected_days: float = Field(
        30.0, description="After so many days the rows that an import dropped are erased; 0: they are kept."
    )
    keep_backups_days: float = Field(
        30.0, description="After so many days a backup in the folder of backups is deleted; 0: it is kept."
    )
    backups: Path | None = Field(
        None, description="Folder of backups, outside the home; none: each backup names its file, and none expires."
    )

    # Rates as "120/minute", several as "10/second; 300/minute"; empty, and 0 open streams: no limit.
    limit_key_requests: str = Field("6000/minute", description="Requests with one site key.")
    limit_key_characters: str = Field(
        "600000/minute", description="Characters of messages and queries with one site key."
    )
    limit_key_tokens: str = Field("", description="LLM tokens, read and written, that one site key's answers may cost.")
    limit_key_streams: int = Field(0, description="Answers open at once with one site key.")
    limit_address_requests: str = Field("600/minute", description="Requests from one client address.")
    limit_address_characters: str = Field("60000/minute", description="Characters from one client address.")
    limit_address_tokens: str = Field("200000/hour", description="LLM tokens for one client address.")
    limit_address_streams: int = Field(20, description="Answers open at once to one client address.")
    limit_session_requests: str = Field("60/minute", description="Requests in one conversation.")
    limit_session_characters: str = Field("20000/minute", description="Characters in one conversation.")
    limit_session_tokens: str = Field("50000/hour", description="LLM tokens for one conversation.")
    limit_session_streams: int = Field(3, description="Answers open at once in one conversation.")

    holdout: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Share of new conversations, 0 to 0.5, in which the shopper's history is not used, so that what "
        "it brings can be seen: see the page Shop of the prompt lab.",
    )

    metrics: Literal["loopback", "admin_key", "off"] = Field(
        "loopback", description="Who may read /metrics: this machine alone; or whoever has an admin key; or nobody."
    )

    llm_url: str = Field(
        "",
        description="OpenAI-compatible address, e.g. http://host:8000/v1; several with commas share the work. "
        "Empty: start vLLM here.",
    )
    llm_model: str = Field(
        "", description="Model name at llm_url, or a model folder to serve; empty: the built-in LLM."
    )
    llm_adapter: str = Field(
        "auto",
        description="Taught weights for the LLM that is started here: a folder of shoptalk teach's, none, or auto: "
        "the shop's own teaching, if there is one.",
    )
    llm_taught: bool = Field(False, description="Whether the LLM at llm_url was taught by shoptalk teach.")
    llm_api_key: SecretStr = Field(SecretStr("none"), description="Key for llm_url, if it wants one.")
    llm_port: int = Field(8011, description="Port of the vLLM that is started here.")
    llm_dtype: str = Field("auto", description="auto: bfloat16 where the processor computes in it, else float32.")
    llm_max_model_len: int = Field(4096, description="Longest prompt with its answer, in tokens.")
    llm_kv_cache_gib: int = Field(2, description="Memory for vLLM's key-value cache on a CPU, in GiB.")
    llm_arguments: str = Field("", description="Further arguments for vLLM, e.g. --tensor-parallel-size 2.")
    llm_connect_timeout_s: float = Field(2.0, description="Longest wait for a connection to the LLM.")
    llm_first_token_timeout_s: float = Field(20.0, description="Longest wait for the LLM's first token.")
    llm_token_timeout_s: float = Field(10.0, description="Longest wait between two tokens.")
    proposer_url: str = Field(
        "", description="OpenAI-compatible address of the LLM that proposes prompts; empty: the shop's own."
    )
    proposer_model: str = Field("", description="Model name at proposer_url; empty: llm_model.")
    proposer_api_key: SecretStr = Field(SecretStr("none"), description="Key for proposer_url, if it wants one.")
    writer_url: str = Field(
        "", description="OpenAI-compatible address of a larger LLM that writes answers for shoptalk teach; empty: none."
    )
    writer_model: str = Field("", description="Model name at writer_url.")
    writer_api_key: SecretStr = Field(SecretStr("none"), description="Key for writer_url, if it wants one.")
    llm_judge: bool = Field(
        False, description="The LLM says of the first items whether they fit, in the place of describing what would."
    )
    llm_judge_weight: float = Field(0.5, ge=0, description="How much that counts beside the reranker's own log-odds.")
    llm_judge_timeout_s: float = Field(3.0, gt=0, description="Longest wait for it; then the items stay as ranked.")
    llm_breaker_failures: int = Field(3, description="Failures in a row after which the LLM is left alone for a while.")
    llm_breaker_rest_s: float = Field(5.0, description="How long it is left alone before one token is tried again.")
    lab_llm_url: str = Field(
        "", description="Address of a second LLM, to try prompts with beside the shop's in the prompt lab; empty: none."
    )
    lab_llm_model: str = Field("", description="Its model name; empty: the shop's.")
    lab_llm_api_key: SecretStr = Field(SecretStr("none"), description="Key for lab_llm_url, if it wants one.")
    turn_timeout_s: float = Field(40.0, description="Longest turn; after it a partial answer is closed plainly.")

    candidates: int = Field(200, description="Candidates that grounding hands to the reranker.")
    cards: int = Field(5, description="Items shown in a turn.")
    diversity: float = Field(0.1, description="0: best items only; 1: as different as can be (MMR's 1 - lambda).")
