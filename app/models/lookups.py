"""Look-ups before an actor exists, and rules shared by SQL: every function of the database.

Those marked SECURITY DEFINER run as the owner and so see all workspaces: each answers one narrow
question about a secret or a person that the caller already holds. They are replaced after every
migration.
"""

FUNCTIONS = {
    # The gate, once per request and at most every five seconds per open page.
    "actor_of_session": """
        CREATE OR REPLACE FUNCTION actor_of_session(hash bytea)
        RETURNS TABLE (
            session_id uuid, user_id uuid, user_name text, user_email text, user_status text,
            user_image text, is_verified boolean, theme text, time_zone text, language text,
            is_admin boolean, workspace_id uuid,
            workspace_name text, workspace_logo text, workspace_time_zone text, role text,
            idle_until timestamptz, expires_at timestamptz,
            last_seen_at timestamptz, revoked_at timestamptz
        )
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT s.id, u.id, u.name, u.email, u.status, u.image,
                   u.email_verified_at IS NOT NULL, u.theme, u.time_zone, u.language,
                   u.role = 'ADMIN', w.id, w.name, w.logo, w.time_zone, m.role,
                   s.idle_until, s.expires_at, s.last_seen_at, s.revoked_at
            FROM sessions s
            JOIN users u ON u.id = s.user_id
            LEFT JOIN memberships m ON m.user_id = u.id AND m.workspace_id = s.workspace_id
            LEFT JOIN workspaces w ON w.id = m.workspace_id
            WHERE s.token_hash = hash
        $$""",
    # The gate, every five seconds: which sign-ins with open pages still stand, where and as what.
    "live_sessions": """
        CREATE OR REPLACE FUNCTION live_sessions(ids uuid[], moment timestamptz)
        RETURNS TABLE (session_id uuid, workspace_id uuid, role text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT s.id, s.workspace_id, m.role FROM sessions s
            JOIN users u ON u.id = s.user_id AND u.status = 'ACTIVE'
            JOIN memberships m ON m.user_id = s.user_id AND m.workspace_id = s.workspace_id
            WHERE s.id = ANY(ids) AND s.revoked_at IS NULL
            AND s.idle_until > moment AND s.expires_at > moment
        $$""",
    # Sign-in: which workspace to open; the workspace switcher.
    "workspaces_of_user": """
        CREATE OR REPLACE FUNCTION workspaces_of_user(person uuid)
        RETURNS TABLE (
            workspace_id uuid, name text, time_zone text, logo text, role text,
            joined_at timestamptz
        )
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT w.id, w.name, w.time_zone, w.logo, m.role, m.created_at
            FROM memberships m JOIN workspaces w ON w.id = m.workspace_id
            WHERE m.user_id = person ORDER BY m.created_at, w.id
        $$""",
    # The REST API: who calls. Keys that ended give no row.
    "actor_of_api_key": """
        CREATE OR REPLACE FUNCTION actor_of_api_key(hash bytea, moment timestamptz)
        RETURNS TABLE (
            key_id uuid, workspace_id uuid, scopes jsonb, last_used_at timestamptz,
            calls_per_minute int
        )
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT k.id, k.workspace_id, k.scopes, k.last_used_at, p.api_calls_per_minute
            FROM api_keys k
            LEFT JOIN subscriptions s ON s.workspace_id = k.workspace_id
            LEFT JOIN plans p ON p.id = s.plan_id
            WHERE k.key_hash = hash AND k.revoked_at IS NULL
            AND (k.expires_at IS NULL OR k.expires_at > moment)
            AND NOT EXISTS (
                SELECT FROM users u WHERE u.id = k.creator_id AND u.status <> 'ACTIVE'
            )
        $$""",
    # The invitation page: what does the link offer, and of whom.
    "invitation_of_token": """
        CREATE OR REPLACE FUNCTION invitation_of_token(hash bytea)
        RETURNS TABLE (
            invitation_id uuid, workspace_id uuid, workspace_name text, email text, role text,
            inviter_name text, expires_at timestamptz
        )
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT i.id, w.id, w.name, i.email, i.role, u.name, i.expires_at
            FROM invitations i
            JOIN workspaces w ON w.id = i.workspace_id
            LEFT JOIN users u ON u.id = i.inviter_id
            WHERE i.token_hash = hash AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL
        $$""",
    # Pictures: a person's own, those of people in the same workspace, and the workspace's.
    "visible_picture": """
        CREATE OR REPLACE FUNCTION visible_picture(picture uuid, person uuid)
        RETURNS bytea
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT p.data FROM pictures p
            WHERE p.id = picture AND (
                p.user_id = person
                OR EXISTS (SELECT FROM memberships mine
                    WHERE mine.user_id = person AND mine.workspace_id = p.workspace_id)
                OR EXISTS (SELECT FROM memberships mine
                    JOIN memberships theirs ON theirs.workspace_id = mine.workspace_id
                    WHERE mine.user_id = person AND theirs.user_id = p.user_id))
        $$""",
    # The webhook routes: does the account exist, and with which secrets does it sign.
    "webhook_account": """
        CREATE OR REPLACE FUNCTION webhook_account(account uuid)
        RETURNS TABLE (workspace_id uuid, app_secret bytea, verify_token bytea)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT a.workspace_id, a.app_secret, a.verify_token
            FROM whatsapp_accounts a WHERE a.id = account
        $$""",
    # Connecting: is the number in use anywhere in the installation.
    "number_is_taken": """
        CREATE OR REPLACE FUNCTION number_is_taken(number text, meta_id text, workspace uuid)
        RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM phone_numbers p
                WHERE p.disconnected_at IS NULL AND p.workspace_id <> workspace
                AND (p.phone_number = number OR p.meta_phone_number_id = meta_id)
            )
        $$""",
    # The drains: has the run ended that began this? It held an advisory lock (services.locks).
    "runner_is_gone": """
        CREATE OR REPLACE FUNCTION runner_is_gone(runner int) RETURNS boolean
        LANGUAGE sql VOLATILE AS $$ SELECT pg_try_advisory_xact_lock(3, runner) $$""",
    # The life of a message as a number; equals MessageStatus.rank (a test compares them).
    "message_rank": """
        CREATE OR REPLACE FUNCTION message_rank(status text) RETURNS int
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT CASE status
                WHEN 'received' THEN 0 WHEN 'queued' THEN 1 WHEN 'sending' THEN 2
                WHEN 'uncertain' THEN 3 WHEN 'sent' THEN 4 WHEN 'failed' THEN 5
                WHEN 'delivered' THEN 6 WHEN 'read' THEN 7 WHEN 'played' THEN 8 ELSE -1 END
        $$""",
}
