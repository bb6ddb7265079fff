#!/bin/sh
# Secrets come as files, settings as variables: the product only knows the latter.
set -eu

secret() { # VARIABLE FILE
  if [ -r "/run/secrets/$2" ]; then
    value=$(cat "/run/secrets/$2")
    export "$1=$value"
  fi
}

secret ADMIN_PASSWORD admin_password
secret REDIS_PASSWORD redis_password
secret UNLEASH_API_TOKEN unleash_api_token
if [ -r /run/secrets/postgres_password ] && [ -n "${POSTGRES_HOST:-}" ]; then
  # make_secrets makes passwords that need no escaping in an address.
  DATABASE_URL="postgres://qr:$(cat /run/secrets/postgres_password)@$POSTGRES_HOST/qr"
  export DATABASE_URL
fi
unset value
exec qr-observatory "$@"
