"""Who can be called: a row each, as data. A provider that speaks a known dialect is one row and nothing else.

Facts are from the providers' own pages, linked in `docs`. `key_env` is the variable that the provider's own
tools read; `takes_stream_options` says whether it takes `stream_options.include_usage`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from llmgw.chat.dialect import Dialect
from llmgw.dialects.openai_chat import openai_chat
from llmgw.providers.auth import Auth


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A catalogue row. `chat_path` follows the base URL; `{model}`, `{region}` and `{api_version}` are filled in."""

    name: str
    base_url: str
    key_env: str = ""
    auth: Auth = Auth.BEARER
    dialect: Dialect = openai_chat
    chat_path: str = "/chat/completions"
    api_version: str = ""
    region: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    unsupported: frozenset[str] = frozenset()
    takes_stream_options: bool = True
    local: bool = False  # runs on the caller's own machine: slow to load, free of charge
    simulated: bool = False
    docs: str = ""
    aliases: tuple[str, ...] = ()


SIMULATOR = "simulator"

_ROWS = (
    Provider(
        name="openai",
        base_url="https://api.openai.com/v1",
        key_env="OPENAI_API_KEY",
        docs="https://platform.openai.com/docs/api-reference/chat",
    ),
    Provider(
        name="anthropic",
        base_url="https://api.anthropic.com/v1",
        key_env="ANTHROPIC_API_KEY",
        unsupported=frozenset({"logprobs", "logit_bias", "seed", "presence_penalty", "frequency_penalty"}),
        docs="https://docs.claude.com/en/api/openai-sdk",
    ),
    Provider(
        name="gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_env="GEMINI_API_KEY",
        docs="https://ai.google.dev/gemini-api/docs/openai",
        aliases=("google",),
    ),
    Provider(
        name="azure",
        base_url="",
        key_env="AZURE_OPENAI_API_KEY",
        auth=Auth.API_KEY,
        chat_path="/openai/deployments/{model}/chat/completions?api-version={api_version}",
        api_version="2024-10-21",
        docs="https://learn.microsoft.com/azure/ai-foundry/openai/reference",
    ),
    Provider(
        name="mistral",
        base_url="https://api.mistral.ai/v1",
        key_env="MISTRAL_API_KEY",
        takes_stream_options=False,
        unsupported=frozenset({"logit_bias", "logprobs", "user"}),
        docs="https://docs.mistral.ai/api",
    ),
    Provider(
        name="groq",
        base_url="https://api.groq.com/openai/v1",
        key_env="GROQ_API_KEY",
        unsupported=frozenset({"logprobs", "logit_bias", "top_logprobs"}),
        docs="https://console.groq.com/docs/openai",
    ),
    Provider(
        name="deepseek",
        base_url="https://api.deepseek.com/v1",
        key_env="DEEPSEEK_API_KEY",
        docs="https://api-docs.deepseek.com",
    ),
    Provider(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key_env="OPENROUTER_API_KEY",
        docs="https://openrouter.ai/docs/api-reference/overview",
    ),
    Provider(
        name="together",
        base_url="https://api.together.xyz/v1",
        key_env="TOGETHER_API_KEY",
        docs="https://docs.together.ai/docs/openai-api-compatibility",
        aliases=("together_ai",),
    ),
    Provider(
        name="fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        key_env="FIREWORKS_API_KEY",
        docs="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        aliases=("fireworks_ai",),
    ),
    Provider(
        name="xai",
        base_url="https://api.x.ai/v1",
        key_env="XAI_API_KEY",
        docs="https://docs.x.ai/docs/api-reference",
        aliases=("x-ai",),
    ),
    Provider(
        name="perplexity",
        base_url="https://api.perplexity.ai",
        key_env="PERPLEXITY_API_KEY",
        takes_stream_options=False,
        docs="https://docs.perplexity.ai/guides/chat-completions-guide",
    ),
    Provider(
        name="cerebras",
        base_url="https://api.cerebras.ai/v1",
        key_env="CEREBRAS_API_KEY",
        unsupported=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
        docs="https://inference-docs.cerebras.ai/resources/openai",
    ),
    Provider(
        name="sambanova",
        base_url="https://api.sambanova.ai/v1",
        key_env="SAMBANOVA_API_KEY",
        docs="https://docs.sambanova.ai/cloud/docs/capabilities/openai-compatibility",
    ),
    Provider(
        name="nebius",
        base_url="https://api.studio.nebius.com/v1",
        key_env="NEBIUS_API_KEY",
        docs="https://docs.studio.nebius.com/inference/api",
    ),
    Provider(
        name="novita",
        base_url="https://api.novita.ai/v3/openai",
        key_env="NOVITA_API_KEY",
        docs="https://novita.ai/docs/guides/llm-api",
    ),
    Provider(
        name="hyperbolic",
        base_url="https://api.hyperbolic.xyz/v1",
        key_env="HYPERBOLIC_API_KEY",
        docs="https://docs.hyperbolic.xyz/docs/rest-api",
    ),
    Provider(
        name="deepinfra",
        base_url="https://api.deepinfra.com/v1/openai",
        key_env="DEEPINFRA_API_KEY",
        docs="https://deepinfra.com/docs/openai_api",
    ),
    Provider(
        name="moonshot",
        base_url="https://api.moonshot.ai/v1",
        key_env="MOONSHOT_API_KEY",
        docs="https://platform.moonshot.ai/docs",
    ),
    Provider(
        name="alibaba",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        key_env="DASHSCOPE_API_KEY",
        docs="https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        aliases=("dashscope",),
    ),
    Provider(
        name="huggingface",
        base_url="https://router.huggingface.co/v1",
        key_env="HF_TOKEN",
        docs="https://huggingface.co/docs/inference-providers",
    ),
    Provider(
        name="nvidia",
        base_url="https://integrate.api.nvidia.com/v1",
        key_env="NVIDIA_API_KEY",
        docs="https://docs.api.nvidia.com/nim/reference",
        aliases=("nvidia_nim",),
    ),
    Provider(
        name="bedrock-mantle",
        base_url="https://bedrock-mantle.{region}.api.aws/v1",
        key_env="AWS_BEARER_TOKEN_BEDROCK",
        region="us-east-1",
        docs="https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html",
    ),
    Provider(
        name="ollama",
        base_url="http://127.0.0.1:11434/v1",
        auth=Auth.NONE,
        local=True,
        docs="https://docs.ollama.com/api/openai-compatibility",
    ),
    Provider(
        name="vllm",
        base_url="http://127.0.0.1:8000/v1",
        auth=Auth.NONE,
        local=True,
        docs="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
    Provider(
        name="llamacpp",
        base_url="http://127.0.0.1:8080/v1",
        auth=Auth.NONE,
        local=True,
        docs="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    ),
    Provider(
        name="lmstudio",
        base_url="http://127.0.0.1:1234/v1",
        auth=Auth.NONE,
        local=True,
        docs="https://lmstudio.ai/docs/app/api/endpoints/openai",
    ),
    Provider(
        name=SIMULATOR,
        base_url="http://simulator.invalid/v1",
        auth=Auth.NONE,
        local=True,
        simulated=True,
        docs="https://github.com/llmgw/llmgw/blob/main/docs/simulator.md",
    ),
)

CATALOG: Mapping[str, Provider] = MappingProxyType(
    {name: row for row in _ROWS for name in (row.name, *row.aliases)},
)
