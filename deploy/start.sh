#!/bin/sh
# The container's entry: hands passwords of the database's roles from their secret files to PostgreSQL's client library, in a file of
# its own on the memory disk, so that they stand in no compose file, no image and no environment. Arguments are those of the command cuntu.
set -eu
umask 077
PGPASSFILE=$(mktemp /tmp/pgpass.XXXXXX)
export PGPASSFILE
remember() {
  if [ -n "$2" ] && [ -r "$2" ]; then
    printf '*:*:*:%s:%s\n' "$1" "$(head -n 1 "$2" | sed -e 's/[\\:]/\\&/g')" >> "$PGPASSFILE"
  fi
}
remember cuntu "${CUNTU_OWNER_PASSWORD_FILE:-}"
remember cuntu_app "${CUNTU_APP_PASSWORD_FILE:-}"
remember cuntu_tiles "${CUNTU_TILES_PASSWORD_FILE:-}"
remember '*' "${CUNTU_DATABASE_PASSWORD_FILE:-}"
exec cuntu "$@"
