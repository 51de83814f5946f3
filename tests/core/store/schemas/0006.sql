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
CREATE TABLE master_key (id VARCHAR(64) PRIMARY KEY, proof TEXT NOT NULL, created TEXT NOT NULL, awaited BOOLEAN NOT NULL DEFAULT FALSE, replaced TEXT NOT NULL DEFAULT '');
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
CREATE TABLE audit_book (
        id VARCHAR(32) PRIMARY KEY, number BIGINT NOT NULL, chain TEXT NOT NULL,
        base_number BIGINT NOT NULL, base_chain TEXT NOT NULL, base_mark TEXT NOT NULL, own BOOLEAN NOT NULL);
CREATE TABLE audit (
        book VARCHAR(32) NOT NULL, number BIGINT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, origin TEXT NOT NULL,
        action TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
        detail TEXT NOT NULL, chain TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (book, number));
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_action ON audit (action, at);
CREATE INDEX audit_subject ON audit (subject);
INSERT INTO migration VALUES (1, 'initial', '2026-11-25T02:01:46.473702');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-25T02:01:46.473877');
INSERT INTO migration VALUES (4, 'ssh', '2026-11-25T02:01:46.474307');
INSERT INTO migration VALUES (5, 'logins', '2026-11-25T02:01:46.474714');
INSERT INTO migration VALUES (6, 'audit', '2026-11-25T02:01:46.475651');
INSERT INTO credential VALUES ('28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.Sf2vmxKAX2o94Jo6DMXt1V8OBrPAUiyJ1J8lbBloI4SnvML0I8nmfjK-8SZjfURM8GMkXdevxaRng8gb.Ix4ysml-Q2o_jaX828pF396dSVz2Kvaz0hmzQtkfMPne_iFdFQvTkfNQxVd-x8RZ6vhHScpDJr60Mv5P6i2BR9VTF2n4-N8hgr6DiNcpcZeoPVgVdI_b0_JCYcTxbXCKoEbcBqxbcIadWa0pNEldEi0jUGBhkKcBPqHLb8UDOlZmOw_CPoh8XQXo32rZ1hcBWQ==', 1, 1, '2026-11-25T02:01:48.419567', '2026-11-25T02:01:48.419567', 'admin', '{"secret_access_key": "2026-11-25T02:01:48.419567"}', 'invalid', '2026-11-25T02:01:48.496933', 'valid', '2026-11-25T02:01:48.496933', FALSE, 'v1.f20404bdbd35d377.eYTYYQxxXAqWr5a3c0QO8m_QwR_k7Mv2NtWrFiMGzE75eoKaL-dVw4mH00dIYp9PiYmByA9Pen7VwQYj.V-wNmEVPRRLSOn139_Tv9engABojKuaX5FMisv2NFcQFltoDZY5uIZHM6dn8gWLhyuqP4niacP-AXsdDF-RX4uevza3BgBc=');
INSERT INTO credential VALUES ('24982322-c458-44a7-b722-86ced2f85961', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.G3_AWKTF4HdioAaxRhLcwdiD8rug__bTLehj3HctG0SZzKbex64X1MM11EdNpnv0zZBDfD7eoJEY6xfw.NKyYDx_VviSgol6XvllGxT5yuvoAnFUlsjIzJOlSw2N_uIRZZaFzIgCzPVaW3Abp__ynyY5Zz8dvolISbPK_ZTMiauMgNKxFwBkM', 1, 1, '2026-11-25T02:01:48.709146', '2026-11-25T02:01:48.709146', 'admin', '{"key": "2026-11-25T02:01:48.709146"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.LSvIGPWkOySxGqk7oR4sZTZ9Lrk1ryjrT0sK8LM4i8XHSrzT5gPFAp13Jf_dBsI4C86RlEF6JTXykX_U.mPCbtl5g0wG9zLHQjFNxUWy1HfR7nhcCcw7X8tUUoxGt4s9X1tofeA8DpRyaWQ==', '2026-11-25T02:01:46.675816', FALSE, '');
INSERT INTO account VALUES ('926448fc-b489-433c-a0ef-ae62c09175de', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$o3rBBE2rYLheTmiz8ic9OA$EN3XIzCwdsong8+VoDQto0Oo04ztluxrq9friKRulu4', '2026-11-25T02:01:46.734954');
INSERT INTO session VALUES ('570418e4205f550bc1678636c3a24f72305294638feefb21229a8db0cc65d081', '926448fc-b489-433c-a0ef-ae62c09175de', '2026-11-25T02:01:48.413215', '2026-11-25T02:01:48.413215', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('audit-key:170a04a19944db5946b664784d6c9340', 'v1.f20404bdbd35d377.nriSTAfkZQW2Bix4LFgwqLyGz3-wTFOnk7KtW1OtJ_NBlqAXDD8yakxbjxgwG_rCB0qGXGsYJQi6mfrc.tdmFclTTMh-ecFkpm1zW5F7-l7RBAA0mogfzxxX9YmQkoEz-DAfiqsh_7xpt5TSn3ZzmrI2kw0mL6SKbQC729EGvRmR70X3OScjUm3cNMzRsNianoPqJaf-8-M8qLQ==', TRUE);
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.TpHpzqx_qM2vFqaTtkGN0pbY_aCuhCj_83BhEw3M0ezhhtsnlrWe5WLR5UPTtEE_yLNmtowqhZC1z45S.E_NJITVOQzgFTJsXqn4awVau-EFyZFZ13AdEDJnMvNQwkBUoOWjaWim1owMzD6J2dZN_FUXEJA==', TRUE);
INSERT INTO repository VALUES ('bbd70de4-4c90-46f1-869c-e338fb2a334d', '28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'backups/db', 'password', 'v1.f20404bdbd35d377.FtjvlEQWZZAUV0f_tZO0PBy8TrAGVJ7AltalSrJj0FL1cZ4N6N0WVsbRiVxr7lEbel2NYH1l821pr9J8.34ZGJnKHSBd7KIgUgCD9nGONMRfE6Y1XNU804tdIm2N8pS67W2yRhlvyUywcFCc=', FALSE, '2026-11-25T02:01:48.750185', 'admin');
INSERT INTO audit_book VALUES ('170a04a19944db5946b664784d6c9340', 6, '95f5ef980c71a4603ace02c0b607fda2f2fa4f3fb6706b4b69739b743a6a540f', 0, '', '', TRUE);
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 1, '2026-11-25T02:01:48.381786', 'admin', 'background', 'add', 'account', '926448fc-b489-433c-a0ef-ae62c09175de', 'admin', 'ok', '{}', 'd7be3dfbec253384d3b359eb29f623ae14815176012f3705466c4dfdf7e488af', '110d8a074c780bc6f85618c785a73ec6a61548511c3ac1d05d9764a4d16035e9');
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 2, '2026-11-25T02:01:48.441015', 'admin', 'background', 'add', 'credential', '28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'Nightly ü ''€''', 'ok', '{"provider": "S3"}', '3c087b14284906241e0bb9f499039ffb5822960f3dbe50b6cc1477a57df997d7', '4f2e82e152ed1fdd50f87ecfb24d5442a923927da9f8c5daf671e7b251c0d848');
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 3, '2026-11-25T02:01:48.477055', 'the server', 'background', 'verification', 'credential', '28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'Nightly ü ''€''', 'ok', '{"state": "valid", "before": "not verified"}', '271e9c4a86868736f947fba0fe60fe00c72755f1513458110b7a0a6aff1a2697', 'e484e3c4a61eed7c83c6f188bdf996b811aa7f603e02e15673eb65cbfa249369');
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 4, '2026-11-25T02:01:48.497595', 'the server', 'background', 'verification', 'credential', '28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'Nightly ü ''€''', 'failed', '{"state": "invalid", "before": "valid"}', '9373a0470fa3dc8d4683493d6ad0b744b43a00e281d1f053a5a12e4fbe678bdb', '9c585dc742a59efa54a3279d907bc186215a2cfe686e628860475e8857134e4c');
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 5, '2026-11-25T02:01:48.710032', 'admin', 'background', 'add', 'credential', '24982322-c458-44a7-b722-86ced2f85961', 'Never checked', 'ok', '{"provider": "B2"}', 'bd25c67208838a34954bf4a4cede2ae52185acd65df01e4e36907f50cd9738fb', '876a8e1950d7214018f594c613a52f1c3acb7d6fa1003ee69a8e3357aa685901');
INSERT INTO audit VALUES ('170a04a19944db5946b664784d6c9340', 6, '2026-11-25T02:01:48.750776', 'admin', 'background', 'add', 'repository', '28d6aa3d-fbcf-4806-a4ac-578e70491bfb', 'backups/db', 'ok', '{"secret": "password", "kept": "given"}', '95f5ef980c71a4603ace02c0b607fda2f2fa4f3fb6706b4b69739b743a6a540f', '7b73a485799011478af8306f04ef98c3eec79c9a7814e2ba628fae304d91e6a1');
