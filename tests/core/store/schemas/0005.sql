CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL);
CREATE TABLE credential (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, provider TEXT NOT NULL,
        sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL, secret_dates TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, report TEXT NOT NULL);
CREATE INDEX credential_provider ON credential (provider);
CREATE INDEX credential_state ON credential (state, name_key);
CREATE INDEX credential_checked ON credential (checked);
CREATE INDEX credential_changed ON credential (changed);
CREATE TABLE master_key (id VARCHAR(64) PRIMARY KEY, proof TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE account (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
        created TEXT NOT NULL);
CREATE TABLE session (
        id VARCHAR(64) PRIMARY KEY, account TEXT NOT NULL, started TEXT NOT NULL, seen TEXT NOT NULL,
        user_agent TEXT NOT NULL, address TEXT NOT NULL);
CREATE INDEX session_account ON session (account);
CREATE TABLE attempt (id VARCHAR(255) PRIMARY KEY, failures INTEGER NOT NULL, last TEXT NOT NULL);
CREATE TABLE lease (id VARCHAR(255) PRIMARY KEY, owner TEXT NOT NULL, until DOUBLE PRECISION NOT NULL);
CREATE TABLE value (id VARCHAR(255) PRIMARY KEY, value TEXT NOT NULL, sealed BOOLEAN NOT NULL);
CREATE TABLE repository (
        id VARCHAR(36) PRIMARY KEY, credential VARCHAR(36) NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL,
        sealed TEXT NOT NULL, generated BOOLEAN NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL,
        UNIQUE (credential, name, secret));
CREATE TABLE ssh_entry (
        id VARCHAR(36) PRIMARY KEY, kind VARCHAR(16) NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
        keypair VARCHAR(36) NOT NULL, sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, host_key TEXT NOT NULL, report TEXT NOT NULL);
CREATE INDEX ssh_entry_kind ON ssh_entry (kind, name_key);
CREATE INDEX ssh_entry_keypair ON ssh_entry (keypair);
CREATE INDEX ssh_entry_checked ON ssh_entry (kind, checked);
CREATE TABLE ssh_host_key_change (
        id VARCHAR(36) PRIMARY KEY, subject VARCHAR(36) NOT NULL, made TEXT NOT NULL, made_by TEXT NOT NULL,
        sealed TEXT NOT NULL);
CREATE INDEX ssh_host_key_change_subject ON ssh_host_key_change (subject, made);
CREATE TABLE oauth_app (
        id VARCHAR(40) PRIMARY KEY, client_id TEXT NOT NULL, sealed TEXT NOT NULL, changed TEXT NOT NULL,
        changed_by TEXT NOT NULL);
CREATE TABLE oauth_flow (
        id VARCHAR(64) PRIMARY KEY, session VARCHAR(64) NOT NULL, provider VARCHAR(40) NOT NULL, sealed TEXT NOT NULL,
        created TEXT NOT NULL);
CREATE INDEX oauth_flow_session ON oauth_flow (session, provider);
CREATE TABLE login (
        id VARCHAR(36) PRIMARY KEY, sealed TEXT NOT NULL, needs_login BOOLEAN NOT NULL, error TEXT NOT NULL,
        tries INTEGER NOT NULL, refreshed TEXT NOT NULL, due TEXT NOT NULL, ends TEXT NOT NULL,
        chain_from INTEGER NOT NULL, chain_to INTEGER NOT NULL);
CREATE INDEX login_due ON login (needs_login, due);
INSERT INTO migration VALUES (1, 'initial', '2026-11-25T01:32:10.955601');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-25T01:32:10.955790');
INSERT INTO migration VALUES (4, 'ssh', '2026-11-25T02:01:45.465396');
INSERT INTO migration VALUES (5, 'logins', '2026-11-25T02:01:46.326183');
INSERT INTO credential VALUES ('537b01e6-21d1-444a-9e14-95e220839a43', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.7_kEkTSiBAiBoF-byZAfFsy-on2FB6qRt586eiGkn__2n0qKf6jSYFRwYTDzTTMDzMVBrjOh9ElXszDK.gWSrRhNdDDslCwtVT2PgRqIV2GW5ZxitnEbPsS5FQO3NxklkV9hoEmRDqOXj_PjGugQlZFzP4TtiuRd0dcgDBoVfewxUCyHlgNqV-Zq3gfyRnsudZFNPq_KSAYsGbVGNWy3sAddHtYgieCc5e7bfaVo5Uocre6YSBju7XS3erp_bDjIBVb9eAbx4AHDFxYWhNQ==', 1, 1, '2026-11-25T01:32:13.784585', '2026-11-25T01:32:13.784585', 'admin', '{"secret_access_key": "2026-11-25T01:32:13.784585"}', 'invalid', '2026-11-25T01:32:13.829509', 'valid', '2026-11-25T01:32:13.829509', FALSE, 'v1.f20404bdbd35d377.bvsWXm0UPF_9rCNpfEdRZLCHOyaFg2mxaPORVBJhjclgTb-tEcLXxPoXebeRwg_58Q0upBkU9HDwohOJ.lzsi2mJv50OT2ycvKx6f18FSLC4HpttOro8bCYQqtr4FOayvf7cKYnJeH_ipjCwmNtJTzGzXPyDcnjN0ijGA6KBKzLMnDyQ=');
INSERT INTO credential VALUES ('c92512c4-bf5e-43b2-a1fa-2458b2594dc2', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.tyHXqSVD4mLNWOvYv295WNSZSK3uefG_eVv64GOxug0QCAWO15SplNbUbKKONLDU5QZyDgByWDEgiG8S._MSE9CTKPMTSEyH4QxZLIodOWIm5LdF6hswOpaT-UCFmMmXkxddIgHLxHxmux8tcfhGgixl24Q-ny-zeRjZrXm155WEHWScBXLnR', 1, 1, '2026-11-25T01:32:13.843878', '2026-11-25T01:32:13.843878', 'admin', '{"key": "2026-11-25T01:32:13.843878"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.btIspzmHc8BXaU4kKinn_Vavd74NpaRkx5uVsOeg28sZP74_CGcrAzxIv8Z-Z_UzVBpjVq4rV4cWov0j.IsTzT5Vz4n_ijU4GASN7G2RXWsKyr7MBI_vigOkm_hYSSm9BdWKgByapROq86A==', '2026-11-25T01:32:11.093867');
INSERT INTO account VALUES ('6fd2eae6-2c84-4395-9a3b-03aa7b68d5af', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$2k1EPqnoXh2Oqyesj20duw$4lirUhWRiNnTAkDLlJX5xU2rUL8i+HbDzFfPJdzUmTQ', '2026-11-25T01:32:11.184718');
INSERT INTO session VALUES ('fda7bde26290b8767d7baa31e365e222a749b074ed4f1087a05802d54a2ba124', '6fd2eae6-2c84-4395-9a3b-03aa7b68d5af', '2026-11-25T01:32:13.757277', '2026-11-25T01:32:13.757277', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.Lo1HtmCbIs71RmgE4RfADfxehJmGyAueSsZjWbuZ_Y53P2wB5QXM9mI0SBaZhd4O0O47ex7EwHYcoTjD.6VJD9r_Pt38CKvpNUCzJFCI9-HFRnvAfTLmT2Sp_7nIqdxGSuxOZa1rnDiiKAj5VxboXI0BgiA==', TRUE);
INSERT INTO repository VALUES ('b7484882-b66b-45d7-8a7d-6e369c0f3ee0', '537b01e6-21d1-444a-9e14-95e220839a43', 'backups/db', 'password', 'v1.f20404bdbd35d377.xwFheeFwyveLP3tjBZ2-q1ndduBpVWxaTy_Yt4kG16uSln0h2pFQL5wViPhRi0p-lp4gZ2YEe-8kaWgh.kuqbG7OuVwPIhPVE45QR92FgVJSJWTyduJa9iA53qBxyyXppFYcB9zVG4Yud6bc=', FALSE, '2026-11-25T01:32:13.881727', 'admin');
