// The real OpenAI SDK for Node against a base URL: each scenario's outcome as it looks to a user of the SDK.
// One argument: JSON {baseURL, apiKey, maxRetries, timeoutMs, scenarios: [{name, kind, model, prompt}]}.
// One line on stdout: JSON {sdk, node, results: {name: outcome}}. What the SDK raises is an outcome too.

import OpenAI from "openai";
import { VERSION } from "openai/version";

const settings = JSON.parse(process.argv[2]);

const WEATHER = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city, now.",
    strict: true,
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
      required: ["city", "unit"],
      additionalProperties: false,
    },
  },
};

const EVENT = {
  type: "json_schema",
  json_schema: {
    name: "event",
    strict: true,
    schema: {
      type: "object",
      properties: {
        name: { type: "string" },
        day: { type: "string" },
        participants: { type: "array", items: { type: "string" } },
      },
      required: ["name", "day", "participants"],
      additionalProperties: false,
    },
  },
};

const request = ({ model, prompt }) => ({ model, messages: [{ role: "user", content: prompt }] });
const callOf = ({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text });

const kinds = {
  async chat(client, scenario) {
    const { data, response } = await client.chat.completions.create(request(scenario)).withResponse();
    const choice = data.choices[0];
    return {
      content: choice.message.content,
      finishReason: choice.finish_reason,
      model: data.model,
      usage: data.usage,
      headers: Object.fromEntries(response.headers),
    };
  },

  async stream(client, scenario) {
    const outcome = { content: "", chunks: 0, finishReason: null, usage: null, ended: false };
    try {
      const options = { ...request(scenario), stream: true, stream_options: { include_usage: true } };
      for await (const chunk of await client.chat.completions.create(options)) {
        outcome.chunks += 1;
        outcome.usage = chunk.usage ?? outcome.usage;
        outcome.content += chunk.choices[0]?.delta?.content ?? "";
        outcome.finishReason = chunk.choices[0]?.finish_reason ?? outcome.finishReason;
      }
      outcome.ended = true;
    } catch (error) {
      outcome.error = describe(error);
    }
    return outcome;
  },

  async tools(client, scenario) {
    const options = { ...request(scenario), tools: [WEATHER] };
    const asked = (await client.chat.completions.create(options)).choices[0];
    const calls = asked.message.tool_calls ?? [];
    const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: '{"sky":"clear"}' }));
    const messages = [...options.messages, asked.message, ...results];
    const answered = (await client.chat.completions.create({ ...options, messages })).choices[0];
    return { finishReason: asked.finish_reason, calls: calls.map(callOf), content: answered.message.content };
  },

  async toolsStream(client, scenario) {
    const runner = client.chat.completions.stream({ ...request(scenario), tools: [WEATHER] });
    const choice = (await runner.finalChatCompletion()).choices[0];
    return { finishReason: choice.finish_reason, calls: (choice.message.tool_calls ?? []).map(callOf) };
  },

  async jsonSchema(client, scenario) {
    const answer = await client.chat.completions.parse({ ...request(scenario), response_format: EVENT });
    return { content: answer.choices[0].message.content };
  },

  async response(client, { model, prompt }) {
    const response = await client.responses.create({ model, input: prompt });
    return { content: response.output_text, finishReason: response.status };
  },

  async responseStream(client, { model, prompt }) {
    const outcome = { content: "", chunks: 0, ended: false };
    const stream = client.responses.stream({ model, input: prompt });
    for await (const event of stream) {
      outcome.chunks += 1;
      if (event.type === "response.output_text.delta") outcome.content += event.delta;
    }
    const response = await stream.finalResponse();
    return { ...outcome, ended: response.output_text === outcome.content, finishReason: response.status };
  },

  async responseTools(client, { model, prompt }) {
    const { function: weather } = WEATHER;
    const options = { model, tools: [{ type: "function", ...weather }], store: false };
    const asked = await client.responses.stream({ ...options, input: prompt }).finalResponse();
    const calls = asked.output.filter(({ type }) => type === "function_call");
    const results = calls.map(({ call_id }) => ({ type: "function_call_output", call_id, output: "sunny" }));
    const turns = asked.output.map(({ parsed_arguments, ...item }) => item);
    const input = [{ role: "user", content: prompt }, ...turns, ...results];
    const answered = await client.responses.create({ ...options, input });
    return {
      finishReason: asked.status,
      calls: calls.map(({ call_id, name, arguments: text }) => ({ id: call_id, name, arguments: text })),
      content: answered.output_text,
    };
  },

  async models(client) {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids };
  },
};

function describe(error) {
  const { status, code, type, param, message } = error;
  const headers = error.headers ? Object.fromEntries(error.headers) : {};
  const isApiError = error instanceof OpenAI.APIError;
  return { class: error.constructor.name, isApiError, status, code, type, param, message, headers };
}

async function play(scenario) {
  const startedMs = performance.now();
  let requests = 0;
  const countingFetch = (...args) => {
    requests += 1;
    return fetch(...args);
  };
  const { baseURL, apiKey, maxRetries, timeoutMs } = settings;
  const client = new OpenAI({ baseURL, apiKey, maxRetries, timeout: timeoutMs, fetch: countingFetch });
  let outcome;
  try {
    outcome = await kinds[scenario.kind](client, scenario);
  } catch (error) {
    outcome = { error: describe(error) };
  }
  return { ...outcome, requests, elapsedMs: Math.round(performance.now() - startedMs) };
}

const results = {};
for (const scenario of settings.scenarios) results[scenario.name] = await play(scenario);
console.log(JSON.stringify({ sdk: VERSION, node: process.version, results }));
