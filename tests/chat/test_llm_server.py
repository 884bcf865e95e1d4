"""The vLLM process: its command, its failures in one sentence. The real server is booted in test_end_to_end."""

import socket
from pathlib import Path

import pytest
from scripted_llm import free_port

from chat.errors import SetupError
from chat.llm_server import LLMServer, on_cpu, port_is_free, processor_computes_bfloat16


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ("flags : fpu avx2 avx512f avx512_bf16", True),
        ("flags : fpu amx_bf16", True),
        ("Features : asimd bf16", True),
        ("flags : fpu avx2 avx512f", False),
    ],
)
def test_bfloat16_is_used_where_the_processor_computes_in_it(tmp_path: Path, flags: str, native: bool) -> None:
    """Emulated, a prompt of 100 tokens took 2.9 s where float32 took 0.3 s (AMD EPYC with AVX2)."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\n{flags}\n")
    assert processor_computes_bfloat16(cpuinfo) is native
    assert not processor_computes_bfloat16(tmp_path / "missing")


def test_the_command_serves_the_folder_on_loopback_with_further_arguments(tmp_path: Path) -> None:
    server = LLMServer(
        tmp_path / "model", "a-model", 9999, tmp_path / "vllm.log", dtype="float16", arguments="--seed 7 --foo 'a b'"
    )
    command = server.command()
    assert command[1:] == [
        *("-m", "vllm.entrypoints.openai.api_server", "--model", str(tmp_path / "model")),
        *("--served-model-name", "a-model", "--host", "127.0.0.1", "--port", "9999"),
        *("--dtype", "float16", "--max-model-len", "4096"),
        *(("--enforce-eager",) if on_cpu() else ()),
        *("--seed", "7", "--foo", "a b"),
    ]
    assert server.environment()["HF_HUB_OFFLINE"] == "1"


def test_a_busy_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not port_is_free(port)
        server = LLMServer(tmp_path, "m", port, tmp_path / "vllm.log")
        with pytest.raises(SetupError, match=f"Port {port}.*SHOPTALK_LLM_PORT"):
            server.start()
    server.stop()


def test_a_server_that_dies_at_once_gives_its_cause_and_its_log(tmp_path: Path) -> None:
    server = LLMServer(tmp_path / "no-such-model", "m", free_port(), tmp_path / "logs" / "vllm.log")
    server.start()
    try:
        with pytest.raises(SetupError, match=r"stopped while starting\..*Its log: .*vllm\.log"):
            server.wait_ready()
    finally:
        server.stop()
    assert port_is_free(server.port)
