#!/bin/sh
# The container's entry: hands the database password from its secret file to PostgreSQL's client library,
# so that it stands in no compose file and no image. Arguments are those of the command cuntu.
set -eu
if [ -n "${CUNTU_DATABASE_PASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$CUNTU_DATABASE_PASSWORD_FILE")
  export PGPASSWORD
fi
exec cuntu "$@"
