"""Seats and the people who hold them, accounts, sessions, tokens, one-time links, and tries to sign in."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

SEATS = """
CREATE TABLE seat (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    unit text NOT NULL,
    place_code text,
    secrecy text NOT NULL DEFAULT 'internal',
    ended_on date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT seat_stated CHECK (title ~ '\\S' AND unit ~ '\\S'),
    CONSTRAINT seat_place CHECK (place_code ~ '^([0-9]{9}|[0-9]{12})$'),
    CONSTRAINT seat_secrecy CHECK (secrecy IN ('public', 'internal', 'secret')),
    UNIQUE (unit, title)
);
CREATE TABLE seat_role (
    seat_id integer NOT NULL REFERENCES seat (id),
    role text NOT NULL,
    PRIMARY KEY (seat_id, role)
);
CREATE TABLE person (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT person_stated CHECK (name ~ '\\S')
);
CREATE TABLE seat_holder (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seat_id integer NOT NULL REFERENCES seat (id),
    person_id integer NOT NULL REFERENCES person (id),
    held_from date NOT NULL,
    held_to date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT seat_holder_period CHECK (held_to > held_from),
    CONSTRAINT seat_holder_one_at_a_time EXCLUDE USING gist (int4range(seat_id, seat_id, '[]') WITH &&, daterange(held_from, held_to) WITH &&)
);
CREATE INDEX seat_holder_person ON seat_holder (person_id);

CREATE FUNCTION keep_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'held_to' <> to_jsonb(OLD) - 'held_to' OR (OLD.held_to IS NOT NULL AND OLD.held_to <= current_date) THEN
        RAISE EXCEPTION '席位任职记录不能改动，只能写明到期日' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER seat_holder_kept BEFORE UPDATE OR DELETE ON seat_holder FOR EACH ROW EXECUTE FUNCTION keep_holder();
CREATE TRIGGER seat_holder_not_truncated BEFORE TRUNCATE ON seat_holder FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

ACCOUNTS = """
CREATE TABLE account (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL UNIQUE REFERENCES person (id),
    login text NOT NULL UNIQUE,
    password_hash text,
    password_set_at timestamptz,
    must_change boolean NOT NULL DEFAULT true,
    oidc_subject text UNIQUE,
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    totp_last_step bigint,
    failed integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_login CHECK (login = lower(login) AND login ~ '^[a-z0-9][a-z0-9._-]{1,39}$')
);
CREATE TABLE session (
    id uuid PRIMARY KEY,
    account_id integer NOT NULL REFERENCES account (id),
    seat_id integer REFERENCES seat (id),
    secret_sha256 bytea NOT NULL UNIQUE,
    address text NOT NULL,
    second_factor boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;
CREATE TABLE api_token (
    id uuid PRIMARY KEY,
    account_id integer NOT NULL REFERENCES account (id),
    seat_id integer NOT NULL REFERENCES seat (id),
    title text NOT NULL,
    secret_sha256 bytea NOT NULL UNIQUE,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_at timestamptz
);
CREATE INDEX api_token_account ON api_token (account_id);
CREATE TABLE one_time_link (
    id uuid PRIMARY KEY,
    secret_sha256 bytea NOT NULL UNIQUE,
    purpose text NOT NULL,
    account_id integer REFERENCES account (id),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_time_link_purpose CHECK (purpose IN ('administrator', 'password')),
    CONSTRAINT one_time_link_account CHECK ((purpose = 'password') = (account_id IS NOT NULL))
);
CREATE TABLE sign_in_try (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text NOT NULL,
    login_sha256 bytea NOT NULL,
    succeeded boolean NOT NULL,
    tried_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_try_address ON sign_in_try (address, tried_at);
CREATE INDEX sign_in_try_login ON sign_in_try (login_sha256, tried_at);
"""


def upgrade() -> None:
    """Make the tables; nobody has an account yet."""
    op.execute(SEATS)
    op.execute(ACCOUNTS)
