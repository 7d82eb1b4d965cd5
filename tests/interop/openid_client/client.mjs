// A client that is not ours: the library openid-client, driven line by line by the tests.
//
// The first line says who the client is:
//   {"issuer": ..., "client_id": ..., "authentication": ["ClientSecretBasic", secret]}
// Each further line calls a function of the library, whose first argument is always the client:
//   {"call": "genericGrantRequest", "arguments": [...]}
// and is answered with one line, {"result": ...} or {"error": ...}. Before that, there is a line for each answer that
// the library got over HTTP: {"answered": {"url", "status", "error"}}. An argument {"DPoP": true} becomes the library's
// DPoP handle.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { resolve } = createRequire(`${process.env.SIGNET_TEST_OPENID_CLIENT}/`);
const library = await import(pathToFileURL(resolve("openid-client")));
const jose = await import(pathToFileURL(resolve("jose")));

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Asks the server, and tells what it answered: the library polls and repeats without a word. */
async function watched(url, options) {
  const response = await fetch(url, options);
  const body = await response.clone().json().catch(() => ({}));
  say({ answered: { url, status: response.status, error: body?.error } });
  return response;
}

/** A client that knows nothing but the issuer, and believes no ID token whose signature it did not verify. */
async function discover({ issuer, client_id, authentication: [method, credential] }) {
  if (method === "PrivateKeyJwt") {
    credential = { key: await jose.importJWK(credential), kid: credential.kid };
  }
  const execute = [library.enableNonRepudiationChecks];
  const options = { [library.customFetch]: watched, execute };
  return library.discovery(new URL(issuer), client_id, undefined, library[method](credential), options);
}

/** What is no function of the library, or one that takes or answers what JSON has no word for. */
const others = {
  serverMetadata: (client) => client.serverMetadata(),

  thumbprint: () => DPoP.calculateThumbprint(),

  /** An authorization request with everything that the library makes for one, and what it compares later. */
  async startCodeFlow(client, parameters) {
    const checks = {
      pkceCodeVerifier: library.randomPKCECodeVerifier(),
      expectedNonce: library.randomNonce(),
      expectedState: library.randomState(),
    };
    const url = library.buildAuthorizationUrl(client, {
      ...parameters,
      nonce: checks.expectedNonce,
      state: checks.expectedState,
      code_challenge: await library.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    return { url, checks };
  },

  authorizationCodeGrant: (client, url, ...more) => library.authorizationCodeGrant(client, new URL(url), ...more),

  async fetchProtectedResource(client, token, url, method, body, ...more) {
    const headers = new Headers({ "content-type": "application/json" });
    const text = body === null ? undefined : JSON.stringify(body);
    const response = await library.fetchProtectedResource(client, token, new URL(url), method, text, headers, ...more);
    return { status: response.status, body: await response.json().catch(() => null) };
  },

  /** An authorization challenge request (OAuth 2.0 for First-Party Applications 5.1), which no library makes yet. */
  async challenge(client, parameters) {
    const body = new URLSearchParams(parameters);
    const response = await watched(client.serverMetadata().authorization_challenge_endpoint, { method: "POST", body });
    return { status: response.status, body: await response.json() };
  },

  /** A JWT of an issuer whose key this is (RFC 7523 section 3). */
  async signJwt(_client, jwk, claims) {
    const jwt = new jose.SignJWT(claims).setProtectedHeader({ alg: jwk.alg, kid: jwk.kid });
    return jwt.setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime("1m").sign(await jose.importJWK(jwk));
  },
};

/** An error as the library throws it, without what cannot be written. */
function told({ name, message, code, status, error, error_description, cause }) {
  return { name, message, code, status, error, error_description, cause: cause instanceof Error ? told(cause) : cause };
}

// However the tests end, so does this.
const lines = createInterface({ input: process.stdin }).on("close", () => process.exit());
const requests = lines[Symbol.asyncIterator]();

const client = await discover(JSON.parse((await requests.next()).value));
const DPoP = library.getDPoPHandle(client, await library.randomDPoPKeyPair());
say({ result: "discovered" });

for await (const line of requests) {
  const { call, arguments: given } = JSON.parse(line, (name, value) => (name === "DPoP" ? DPoP : value));
  try {
    const result = await (others[call] ?? library[call])(client, ...given);
    // Tokens answer the claims of an ID token that the library has validated.
    say({ result: typeof result?.claims === "function" ? { ...result, claims: result.claims() } : result });
  } catch (error) {
    say({ error: told(error) });
  }
}
