// A certified provider of OpenID Connect that is shaped like Keycloak, and makes errors when it is told to.
//
// Run in the folder where tests/node/package.json is installed, with arguments name=value:
//
//   node /path/to/provider.mjs port=0 redirect=http://127.0.0.1:8080/callback logout=http://127.0.0.1:8080/logout
//
//   port      where it listens; 0 takes a free one; more than once: so many providers, each with its own keys and users
//   redirect  a redirect URI of the client; may be there more than once
//   logout    where logout tokens are posted to
//   client, secret   what the client calls itself (qr, and a secret with characters that need escaping)
//   auth      client_secret_basic or client_secret_post
//   alg       RS256, PS256, ES256 or EdDSA; of the first provider, the second one, ...
//
// It prints "ready" and an issuer for each provider, and ends with its standard input if that is a pipe.
//
// GET /interaction/<uid> is a form with the fields login and password; posting the form signs in, with cancel=1 declines.
// Users are alice, bob and carol; no password is wrong.
//
// Errors on purpose, as JSON posted to a provider:
//
//   /admin/user    {"sub": "alice", "claims": {"groups": []}}   changes claims of a user; null takes one away
//   /admin/token   {"set": {"aud": "x"}, "shift": {"exp": -7200}, "header": {"kid": "x"}}   changes ID tokens before
//                  they are signed, from now on; {} ends that
//   /admin/clock   {"seconds": 120}   sets the clock of the whole process ahead
//   /admin/away    {"away": true}     answers 503 to everything else
//   /admin/logout  {"sub": "alice", "sid": "...", "uri": "..."}   posts a logout token, to uri or to the client's own

import { fstatSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// Packages are in the working directory, this file is not.
const require = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Provider } = await load('oidc-provider');
const { SignJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } = await load('jose');

// By name=value alone: behind --eval there is no path in front of them.
const settings = (name, otherwise) => {
  const found = process.argv.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));
  return found.length ? found : otherwise;
};
const setting = (name, otherwise) => settings(name, [otherwise])[0];

const CLIENT = setting('client', 'qr');
const SECRET = setting('secret', 'secret with a space & more');
const AUTH = setting('auth', 'client_secret_basic');
const LOGOUT = setting('logout', 'http://127.0.0.1:9/logout');
const REDIRECTS = settings('redirect', ['http://127.0.0.1:8080/callback']);

let ahead = 0;
const now = Date.now;
Date.now = () => now() + ahead * 1000;

const users = () => ({
  alice: {
    name: 'Alice Adams', preferred_username: 'alice', email: 'alice@example.org', email_verified: true,
    groups: ['/qr-admins', '/staff'],
    realm_access: { roles: ['offline_access', 'qr-analysts'] },
    resource_access: { [CLIENT]: { roles: ['qr-owners'] }, account: { roles: ['view-profile'] } },
  },
  bob: {
    name: 'Bob Brown', preferred_username: 'bob', email: 'bob@example.org', email_verified: false,
    realm_access: { roles: ['qr-analysts'] },
  },
  carol: { name: 'Carol Clark', preferred_username: 'carol' },
});

// Keycloak puts these into userinfo and, unless it is told to, not into ID tokens.
const NOT_IN_TOKENS = ['realm_access', 'resource_access'];

const without = (claims, names) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));

function configuration(state, key, port) {
  return {
    clients: [{
      client_id: CLIENT,
      client_secret: SECRET,
      redirect_uris: REDIRECTS,
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: AUTH,
      id_token_signed_response_alg: key.alg,
      backchannel_logout_uri: LOGOUT,
      // Puts sid into ID tokens.
      backchannel_logout_session_required: true,
    }],
    clientAuthMethods: [AUTH],
    enabledJWA: { idTokenSigningAlgValues: [key.alg] },
    jwks: { keys: [key] },
    // Cookies do not know ports: two providers on one host would take each other's.
    cookies: {
      keys: ['test'],
      names: { session: `session_${port}`, interaction: `interaction_${port}`, resume: `resume_${port}` },
    },
    claims: {
      openid: ['sub', 'groups', 'realm_access', 'resource_access'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    // Its dispatcher refuses loopback addresses, where the client's logout URI is in a test.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
    },
    // Nobody asks for consent: the client is the organization's own.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    findAccount: (_ctx, sub) => state.users[sub] && {
      accountId: sub,
      claims: (use) => ({ sub, ...without(state.users[sub], use === 'id_token' ? NOT_IN_TOKENS : []) }),
    },
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, IdToken: 300, AccessToken: 300 },
  };
}

// An ID token with the errors that were asked for, signed again.
async function spoiled(token, { set = {}, shift = {}, header = {} }, privateKey) {
  const claims = { ...decodeJwt(token), ...set };
  for (const [name, seconds] of Object.entries(shift)) claims[name] += seconds;
  const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
  return new SignJWT(kept).setProtectedHeader({ ...decodeProtectedHeader(token), ...header }).sign(privateKey);
}

async function body(req) {
  let text = '';
  for await (const chunk of req) text += chunk;
  return text;
}

const FORM = `<!doctype html><title>Sign in</title><form method="post">
<label>Login <input name="login" autofocus></label> <label>Password <input name="password" type="password"></label>
<button>Sign in</button> <button name="cancel" value="1">Cancel</button></form>`;

async function interaction(provider, state, req, res) {
  if (req.method === 'GET') {
    await provider.interactionDetails(req, res);
    res.writeHead(200, { 'content-type': 'text/html' }).end(FORM);
    return;
  }
  const form = new URLSearchParams(await body(req));
  const login = form.get('login');
  if (form.has('cancel')) {
    await provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'the user declined' });
  } else if (state.users[login]) {
    await provider.interactionFinished(req, res, { login: { accountId: login } });
  } else {
    res.writeHead(401, { 'content-type': 'text/html' }).end(FORM);
  }
}

const admin = {
  async user(_provider, state, { sub, claims }) {
    const all = { ...state.users[sub], ...claims };
    state.users[sub] = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  },
  async token(_provider, state, errors) {
    state.errors = errors;
  },
  async clock(_provider, _state, { seconds }) {
    ahead = seconds;
  },
  async away(_provider, state, { away }) {
    state.away = away;
  },
  async logout(provider, _state, { sub, sid, uri = LOGOUT }) {
    const client = await provider.Client.find(CLIENT);
    client.backchannelLogoutUri = uri;
    await client.backchannelLogout(sub, sid);
  },
};

async function listen(port, alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const state = { users: users(), errors: {}, away: false };
  const server = http.createServer();
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const taken = server.address().port;
  const key = { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${taken}` };
  const provider = new Provider(`http://127.0.0.1:${taken}`, configuration(state, key, taken));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route === 'token' && ctx.body?.id_token && Object.keys(state.errors).length) {
      ctx.body.id_token = await spoiled(ctx.body.id_token, state.errors, privateKey);
    }
  });
  const answer = provider.callback();
  server.on('request', async (req, res) => {
    try {
      const [, first, second] = req.url.split('?')[0].split('/');
      if (first === 'admin' && req.method === 'POST' && Object.hasOwn(admin, second)) {
        await admin[second](provider, state, JSON.parse(await body(req)));
        res.writeHead(204).end();
      } else if (state.away) {
        res.writeHead(503).end();
      } else if (first === 'interaction') {
        await interaction(provider, state, req, res);
      } else {
        answer(req, res);
      }
    } catch (error) {
      res.writeHead(500, { 'content-type': 'text/plain' }).end([error, error.cause].join(' '));
    }
  });
  return provider.issuer;
}

const algorithms = settings('alg', ['RS256']);
const issuers = [];
for (const [i, port] of settings('port', ['0']).entries()) {
  issuers.push(await listen(Number(port), algorithms[i] ?? algorithms[0]));
}
for (const issuer of issuers) console.log(`ready ${issuer}`);
// So that no provider outlives the test that started it, however that ended.
if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) process.stdin.resume().on('end', () => process.exit(0));
