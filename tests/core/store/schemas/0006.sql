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
INSERT INTO migration VALUES (1, 'initial', '2026-11-25T01:32:31.162007');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-25T01:32:31.162197');
INSERT INTO migration VALUES (6, 'audit', '2026-11-25T01:32:31.163001');
INSERT INTO credential VALUES ('97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.mqH49bxc8VoZhSZSFaBPYs8A6gslgEzMtJBe0aN3TZuwcbEPwlA12a8nGif2LC7u9bM8AN8vLPq-qucQ.3rnZsxEiKQJf7gcDa71tv6a-bp7gI_ulET6Y499WuDFKrQEVbi3p3zGOubI3ttV0-Hqra5NwIDpetrem-FJxaMn5sso7-QivYfaT5fsqbhzSgeRWVibH7WQOhKDmDLm5IZn7q1zITmhSkWSsid1zsSevO4DgBGw1VC7Ay5FWD1XrMSnTSC7TcoF6lb3woyOxpw==', 1, 1, '2026-11-25T01:32:35.367408', '2026-11-25T01:32:35.367408', 'admin', '{"secret_access_key": "2026-11-25T01:32:35.367408"}', 'invalid', '2026-11-25T01:32:35.636346', 'valid', '2026-11-25T01:32:35.636346', FALSE, 'v1.f20404bdbd35d377.XcpUzeyRGYPVwmwUYEhPf_9pgA0UeicJ_1L6jWHnfNTO-rO2bS8UjIjg4UwPdtPB3xKpvw8myQ_VpLzk.p6fwXKbrLhpyR30GaPAYLWhY7MXePIvCYi-3JgPXKwT-jh3eKHYrvltQCoRc-B_fYmkuofo2bnLjVO-oEn5hwISmeLpQGp8=');
INSERT INTO credential VALUES ('65491bb7-5051-4492-b267-2a6a7f80fcff', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.Bv0q_fi7vU_pF2YiQqdHs-xc4sV4FvQtro4bXuMu1cwywtBpKOog-3tQ-oG1KTsZdeM0CQoJBZJc9q7r.85H1m7C2d4Yc9CS7osd3vIYkPooo5fkmP63APBOf5wpZQKPh7AmipYaoolPZjjsqt_9sxKzX4WC_fS8dAmrRIVVPF1KQwyKtEL2L', 1, 1, '2026-11-25T01:32:35.668777', '2026-11-25T01:32:35.668777', 'admin', '{"key": "2026-11-25T01:32:35.668777"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.b4zIVcnHu7vGA_m3HXIZKt0xIffXcre9qHLCP9Qceu8yi0FFLs34ugblP8hbFlg8joKHPLvtoQhcHWu_.P9GffjeKONO_l8ZRrL2h45EW0z1aF6G1RMvgCvgXTPFv_zp9U4vyEPFiVX3ePg==', '2026-11-25T01:32:31.271588', FALSE, '');
INSERT INTO account VALUES ('b9b73b02-f13c-4dcf-a492-62242bfabbe5', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$0Xr+k5rpV4E3KwIwR8Ro3g$IjL9XeZdNvO7vwjpvQpgsUxOTCuOwVO+u4uQRzpwe3E', '2026-11-25T01:32:31.449178');
INSERT INTO session VALUES ('828053179dc50e31ca264faa3036af8934511648fa75850482687fc470385a66', 'b9b73b02-f13c-4dcf-a492-62242bfabbe5', '2026-11-25T01:32:35.351694', '2026-11-25T01:32:35.351694', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('audit-key:2644392bc7e7399d63088a465a1aa960', 'v1.f20404bdbd35d377.2t84c6e__dbT0NJ03Rh_gxdEJkFsNF8HydMBXP1Zbvy8vgagY4orPyYuIPhaYzwt2uVQlY-G9SFHQO6N.XM_uarVXY3VdJSSd5gbDzZOQKlU2Q2y4ioskDgVsTCdll-LhcyNnzTi6XPhCHA1mLm4pciOLymwnrUtO6amxVkSoMoiXluPOEyIpHvy00ibzVNyGtwL4FAeqID3yuw==', TRUE);
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.uvUmrLEIETgs1KcfSuNikrCRALJWfsOCzg9Rw1-hP0r2qiMxAfF8xKrnL6A2ZvGt3cfoIQnvE3vuIeHn.AhO7XF5YMRD0dgiFbviZFp6eyelvv0Z2A3qqiJBs-on3hKUTkRbi6lxbjYQJS5Ydg2q6NsQhng==', TRUE);
INSERT INTO repository VALUES ('c5d7392b-b48e-4af2-ab1b-08854ed9b558', '97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'backups/db', 'password', 'v1.f20404bdbd35d377.2PWykHK6AiClEesCAtos2Ji8rENxrEtlFBqQEgaF3j9narbuONVYTiKc_gZlEIC66E_0id9xa1PKwahg.mpROU3SarPMP4LEaVU5abKHVTqT5H4QMfPJ7EwP9P62sgjDS95YDcAjvDD2oObw=', FALSE, '2026-11-25T01:32:35.764270', 'admin');
INSERT INTO audit_book VALUES ('2644392bc7e7399d63088a465a1aa960', 6, 'd2b393a9dbbf4fd8622d078c2603d4505fb404ab3250a0061d1769a685713b03', 0, '', '', TRUE);
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 1, '2026-11-25T01:32:35.127592', 'admin', 'background', 'add', 'account', 'b9b73b02-f13c-4dcf-a492-62242bfabbe5', 'admin', 'ok', '{}', '099d1d20aebe729aa675eede1fd4ba505629ba20794af3272a435917099e29b9', '4354f3842a8b4721c0d9b694c288f74a5427a128b06e5045646c1674e3f2a557');
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 2, '2026-11-25T01:32:35.369641', 'admin', 'background', 'add', 'credential', '97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'Nightly ü ''€''', 'ok', '{"provider": "S3"}', '3ddb8f18937b088270b71055f5d0d1b556e3cd0baf9a39d2c5023155d7254480', 'f02bc983d600db9e5c48d4d1e9958ad5ffd1f74bd8ef2657c6be7abe10bcfa59');
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 3, '2026-11-25T01:32:35.568820', 'the server', 'background', 'verification', 'credential', '97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'Nightly ü ''€''', 'ok', '{"state": "valid", "before": "not verified"}', 'a68d18596cd227a716ab9cdebfda3a19ba22a479cb7d1e2f5e448e5ba1ab5987', 'fc2f7c1e048b6e4b9699b5d297b6546879184c5cfda38cef08afbfd3b7f89b16');
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 4, '2026-11-25T01:32:35.637112', 'the server', 'background', 'verification', 'credential', '97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'Nightly ü ''€''', 'failed', '{"state": "invalid", "before": "valid"}', 'b6b736474c4497382163b00ceb94d976b4262568cfb32c95be8fe0d5c487681c', '104ef70c17c94e890961508342bba5ae9f09cfe1fa3f1aebfb9c8b5e87460329');
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 5, '2026-11-25T01:32:35.677226', 'admin', 'background', 'add', 'credential', '65491bb7-5051-4492-b267-2a6a7f80fcff', 'Never checked', 'ok', '{"provider": "B2"}', '179bba4b730bcddf2f79f85811f84adde30d86427e54306f8ff16b543ad45259', '5e8a673c622e4d7dc51c69bc74fa1aacd38acb850d5a7b28be5c6d8286c93f1d');
INSERT INTO audit VALUES ('2644392bc7e7399d63088a465a1aa960', 6, '2026-11-25T01:32:35.764789', 'admin', 'background', 'add', 'repository', '97fc0e19-6f98-4101-a0f0-94e1b8640c6a', 'backups/db', 'ok', '{"secret": "password", "kept": "given"}', 'd2b393a9dbbf4fd8622d078c2603d4505fb404ab3250a0061d1769a685713b03', 'cefc7055431ed8ec5319b691d81aa52b339cd2485677ac1e86e935d378dc4563');
