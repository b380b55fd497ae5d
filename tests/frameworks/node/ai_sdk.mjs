// Vercel's AI SDK against a base URL: one loop of an agent, streamed, as it looks to a user of the SDK.
// One argument: JSON {provider, baseURL, model, prompt}. One line on stdout: JSON {text, steps, finishReason, usage, error}.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

globalThis.AI_SDK_LOG_WARNINGS = false; // of the SDK, for people at a terminal

const { provider, baseURL, model, prompt, providerOptions } = JSON.parse(process.argv[2]);

const models = {
  "openai.chat": () => createOpenAI({ baseURL, apiKey: "any" }).chat(model),
  "openai.responses": () => createOpenAI({ baseURL, apiKey: "any" }).responses(model),
  anthropic: () => createAnthropic({ baseURL, apiKey: "any" })(model),
};

const get_weather = tool({
  description: "The weather of a city, now.",
  inputSchema: z.object({ city: z.string(), unit: z.enum(["celsius", "fahrenheit"]).optional() }),
  execute: async ({ city }) => ({ city, sky: "sunny" }),
});

async function play() {
  let error = null;
  const result = streamText({
    model: models[provider](),
    messages: [{ role: "user", content: prompt }],
    tools: { get_weather },
    stopWhen: stepCountIs(4),
    maxRetries: 0,
    providerOptions,
    onError: (event) => {
      error = event.error?.message ?? String(event.error);
    },
  });
  const kinds = [];
  try {
    for await (const part of result.fullStream) if (kinds.at(-1) !== part.type) kinds.push(part.type);
    const steps = (await result.steps).map((step) => ({
      text: step.text,
      reasoning: step.reasoningText ?? "",
      finishReason: step.finishReason,
      calls: step.toolCalls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, input })),
      results: step.toolResults.map(({ toolCallId, output }) => ({ id: toolCallId, output })),
    }));
    return { kinds, steps, text: await result.text, usage: await result.totalUsage, error };
  } catch (thrown) {
    return { kinds, steps: [], text: "", usage: null, error: error ?? String(thrown) };
  }
}

console.log(JSON.stringify(await play()));
