//! Who gets in: forms without a script, right passwords among wrong ones, codes, second factors, lost administrators.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::room::{Room, SECRET};

async fn form(
    room: &Room,
    path: &str,
    fields: &str,
) -> (StatusCode, axum::http::HeaderMap, String) {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(fields.to_owned()))
        .unwrap();
    let (parts, body) = room.raw(request).await.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

/// A try with this password; `via` is whom it says it speaks for, from the address `peer`.
async fn try_in(room: &Room, peer: &str, via: &str, name: &str, password: &str) -> StatusCode {
    let mut request = Request::post("/api/login")
        .header("x-hearthline", "1")
        .header("x-forwarded-for", via)
        .body(Body::from(json!({ "name": name, "password": password }).to_string()))
        .unwrap();
    let peer = SocketAddr::new(peer.parse::<IpAddr>().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    room.raw(request).await.status()
}

#[tokio::test]
async fn the_first_administrator_and_everybody_log_in_without_a_script() {
    let room = Room::open().await;
    let page = room.get("/setup", "").await.text;
    assert!(page.contains(r#"method="post" action="/setup""#), "{page}");
    let fields = |token: &str| {
        format!("token={token}&name=1000&display=x&password=a+long+enough+secret&lang=en")
    };
    let (status, _, page) = form(&room, "/setup", &fields("wrong")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("The token is wrong") && page.contains(r#"value="1000""#), "{page}");
    assert!(!page.contains("long enough secret"), "a password stands in a page");
    let (status, headers, _) = form(&room, "/setup", &fields(&room.setup)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(headers["location"], "/login?lang=en");

    let page = room.get("/login", "").await.text;
    assert!(page.contains(r#"method="post" action="/login""#), "{page}");
    let page = room.get("/login?code=1", "").await.text;
    assert!(page.contains(r#"method="post" action="/login""#), "{page}");
    let (status, _, page) = form(&room, "/login", "name=1000&password=wrong+one&lang=en").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.contains("password is wrong") && !page.contains("wrong one"), "{page}");
    let right = "name=1000&password=a+long+enough+secret&lang=en&code=&second=";
    let (status, headers, _) = form(&room, "/login", right).await;
    assert_eq!(
        (status, &headers["location"]),
        (StatusCode::SEE_OTHER, &"/console".parse().unwrap())
    );
    let cookie = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(room.get("/console", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_form_of_any_page_puts_what_is_secret_into_an_address() {
    let (room, admin) = Room::staffed().await;
    for path in ["/login", "/login?code=1", "/me"] {
        let page = room.get(path, &admin).await.text;
        let forms: Vec<&str> = page.split("<form ").skip(1).collect();
        assert!(!forms.is_empty(), "{path} has no form");
        for form in forms {
            let head = form.split('>').next().unwrap();
            assert!(
                head.contains(r#"method="post""#) && head.contains("action="),
                "{path}: {head}"
            );
        }
    }
}

#[tokio::test]
async fn a_right_password_gets_in_whatever_others_try_behind_one_proxy() {
    let (room, admin) = Room::staffed().await;
    let li = json!({ "name": "li", "display": "x", "role": "operator", "password": SECRET });
    assert_eq!(room.post("/api/staff", &admin, li).await.status, StatusCode::OK);
    let mut refused = 0;
    for n in 0..40 {
        let status = try_in(&room, "127.0.0.1", "", &format!("nobody{n}"), "wrong").await;
        refused += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 15, "{refused} of 40 wrong ones were told to wait");
    assert_eq!(try_in(&room, "127.0.0.1", "", "li", SECRET).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the test of a span measures a span")]
async fn wrong_tries_sent_together_pass_no_limit_and_keep_nobody_out_of_the_same_name() {
    let (room, _) = Room::staffed().await;
    let room = Arc::new(room);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..1_500 {
        let room = Arc::clone(&room);
        tries.spawn(async move { try_in(&room, "127.0.0.1", "", "1000", "wrong").await });
    }
    let start = Instant::now();
    let right = loop {
        let status = try_in(&room, "127.0.0.1", "", "1000", SECRET).await;
        if status == StatusCode::OK || start.elapsed() > Duration::from_secs(10) {
            break status;
        }
    };
    assert_eq!(right, StatusCode::OK);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let mut looked = 0;
    while let Some(status) = tries.join_next().await {
        looked += usize::from(status.unwrap() == StatusCode::UNAUTHORIZED);
    }
    assert!(looked <= 10, "{looked} of 1,500 wrong tries were told that they are wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_that_is_not_known_by_heart_gets_in_under_attack_too() {
    let (room, admin) = Room::staffed().await;
    // As after a restart: the row is there, and nobody has shown the password yet.
    let hash = centre::auth::password::Passwords::default().hash(SECRET.into()).await.unwrap();
    let made = room
        .post("/api/staff", &admin, json!({ "name": "li", "display": "x", "role": "operator" }))
        .await
        .json();
    let mut writer = room.app.records.begin().await.unwrap();
    let id = made["id"].as_str().unwrap();
    records::staff::set_password(&mut writer, id, &hash, "").await.unwrap();
    writer.commit().await.unwrap();
    let room = Arc::new(room);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let room = Arc::clone(&room);
        tries.spawn(async move { try_in(&room, "127.0.0.1", "", "li", "wrong").await });
    }
    let right =
        tokio::time::timeout(Duration::from_secs(10), try_in(&room, "127.0.0.1", "", "li", SECRET));
    assert_eq!(right.await.unwrap(), StatusCode::OK);
    tries.join_all().await;
}

#[tokio::test]
async fn only_a_configured_proxy_says_for_whom_it_asks() {
    let room = Room::told("proxies = ['127.0.0.1']").await;
    let mut from_proxy = Vec::new();
    for n in 0..24 {
        let via = format!("203.0.113.9, 198.51.100.{}", n % 2);
        from_proxy.push(try_in(&room, "127.0.0.1", &via, "1000", "wrong").await);
    }
    let free = |all: &[StatusCode]| all.iter().filter(|s| **s == StatusCode::UNAUTHORIZED).count();
    let both = free(&from_proxy);
    assert!((10..=14).contains(&both), "two sources of five free tries each: {from_proxy:?}");
    let mut lied = Vec::new();
    for n in 0..24 {
        let via = format!("198.51.100.{}", n + 10);
        lied.push(try_in(&room, "192.0.2.9", &via, "1000", "wrong").await);
    }
    assert!((5..=9).contains(&free(&lied)), "one source that lies: {lied:?}");
}

#[tokio::test]
async fn with_tls_in_front_the_cookie_is_bound_to_this_host_and_to_tls() {
    let room = Room::told("names = ['https://desk.local']").await;
    let body = json!({ "token": room.setup, "name": "1000", "password": SECRET, "display": "x" });
    assert_eq!(room.post("/api/setup", "", body).await.status, StatusCode::NO_CONTENT);
    let login = json!({ "name": "1000", "password": SECRET });
    let answer = room.post("/api/login", "", login).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-hl_session=") && cookie.contains("; Secure;"), "{cookie}");
    assert!(answer.headers.contains_key("strict-transport-security"));
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(room.get("/api/queue", cookie).await.status, StatusCode::OK);
    let plain = cookie.trim_start_matches("__Host-");
    assert_eq!(room.get("/api/queue", plain).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_opens_a_session_in_whatever_letters_it_is_typed() {
    let (room, admin) = Room::staffed().await;
    for n in 0..4 {
        let body = json!({ "name": format!("20{n}"), "display": "x", "role": "operator" });
        let made = room.post("/api/staff", &admin, body).await.json();
        let code = made["code"].as_str().unwrap();
        let typed = match n {
            0 => code.to_lowercase(),
            1 => code.replace('-', " "),
            2 => code.replace('0', "o").replace('1', "l"),
            _ => code.replace('-', "－"),
        };
        let answer = room.post("/api/login", "", json!({ "code": typed })).await;
        assert_eq!(answer.status, StatusCode::OK, "{code} typed {typed}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_new_password_ends_what_was_open_elsewhere() {
    let (room, admin) = Room::staffed().await;
    let elsewhere = room.login("1000").await;
    let ask = |old: &str, new: &str| json!({ "old": old, "new": new });
    for (old, new) in [("not it", "another long secret"), (SECRET, "short")] {
        let answer = room.post("/api/me/password", &admin, ask(old, new)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    }
    let answer = room.post("/api/me/password", &admin, ask(SECRET, "another long secret")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(room.get("/api/queue", &admin).await.status, StatusCode::OK);
    assert_eq!(room.get("/api/queue", &elsewhere).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(try_in(&room, "127.0.0.1", "", "1000", SECRET).await, StatusCode::UNAUTHORIZED);
    assert_eq!(try_in(&room, "127.0.0.1", "", "1000", "another long secret").await, StatusCode::OK);
}

async fn listed(room: &Room, admin: &str, name: &str) -> Value {
    let all = room.get("/api/staff", admin).await.json();
    let found = all["staff"].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap().clone()
}

#[tokio::test]
async fn administrators_see_everybody_and_let_in_again_whom_they_shut_out() {
    let (room, admin) = Room::staffed().await;
    room.colleague(&admin, "2001", "operator").await;
    let one = listed(&room, &admin, "2001").await;
    assert_eq!((&one["role"], &one["disabled"]), (&json!("operator"), &json!(false)));
    let id = one["id"].as_str().unwrap();
    room.call(Method::DELETE, &format!("/api/staff/{id}"), &admin, None).await;
    assert_eq!(listed(&room, &admin, "2001").await["disabled"], json!(true));
    let back = room.post(&format!("/api/staff/{id}/admit"), &admin, json!({})).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    let code = json!({ "code": back.json()["code"] });
    let cookie = room.enter(code).await;
    assert_eq!(listed(&room, &admin, "2001").await["disabled"], json!(false));
    // The password of before is forgotten, so that the new one needs none.
    let new = json!({ "new": "another long secret" });
    let answer = room.post("/api/me/password", &cookie, new).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(listed(&room, &admin, "2001").await["password"], json!(true));
}

#[tokio::test]
async fn whose_password_is_taken_back_is_out_everywhere() {
    let (room, admin) = Room::staffed().await;
    let thief = room.colleague(&admin, "2001", "operator").await;
    assert_eq!(room.get("/api/queue", &thief).await.status, StatusCode::OK);
    let id = listed(&room, &admin, "2001").await["id"].as_str().unwrap().to_owned();
    let back = room.post(&format!("/api/staff/{id}/admit"), &admin, json!({})).await;
    assert_eq!(room.get("/api/queue", &thief).await.status, StatusCode::UNAUTHORIZED);
    let cookie = room.enter(json!({ "code": back.json()["code"] })).await;
    assert_eq!(room.get("/api/queue", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_factor_is_off_until_switched_on_and_takes_each_code_once() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let refused = room.post("/api/me/second", &operator, json!({})).await.status;
    assert_eq!(refused, StatusCode::FORBIDDEN);
    let begun = room.post("/api/me/second", &admin, json!({})).await.json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    room.login("1000").await;
    let now = room.app.clock.now().wall_ms;
    let digits = |ms: i64| centre::auth::second::code(&secret, ms).unwrap();
    // A telephone may be a step ahead, and the next step may begin while this test runs.
    let (before, present) = (digits(now), digits(now + 30_000));
    let on = |digits: &str| json!({ "digits": digits });
    let wrong = room.post("/api/me/second/confirm", &admin, on("000000")).await.status;
    assert_eq!(wrong, StatusCode::UNAUTHORIZED);
    let right = room.post("/api/me/second/confirm", &admin, on(&before)).await;
    assert_eq!(right.status, StatusCode::NO_CONTENT, "{}", right.text);

    let login =
        |second: Option<&str>| json!({ "name": "1000", "password": SECRET, "second": second });
    let asked = room.post("/api/login", "", login(None)).await;
    assert_eq!(asked.json()["error"]["code"], "second");
    let used = room.post("/api/login", "", login(Some(&before))).await;
    assert_eq!(used.json()["error"]["code"], "second_wrong");
    let first = room.post("/api/login", "", login(Some(&present))).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = room.post("/api/login", "", login(Some(&present))).await;
    assert_eq!(again.json()["error"]["code"], "second_wrong");
    let page = form(&room, "/login", "name=1000&password=a+long+enough+secret&lang=en").await.2;
    assert!(page.contains(r#"id="second">"#), "the form asks for the digits: {page}");
}

#[tokio::test]
async fn a_second_factor_is_not_guessed_by_who_knows_the_password() {
    let (room, admin) = Room::staffed().await;
    let begun = room.post("/api/me/second", &admin, json!({})).await.json();
    let secret = begun["secret"].as_str().unwrap();
    let digits = centre::auth::second::code(secret, room.app.clock.now().wall_ms).unwrap();
    room.post("/api/me/second/confirm", &admin, json!({ "digits": digits })).await;
    let mut refused = 0;
    for n in 0..30 {
        let guess = json!({ "name": "1000", "password": SECRET, "second": format!("{n:06}") });
        let status = room.post("/api/login", "", guess).await.status;
        refused += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 20, "{refused} of 30 guesses were told to wait");
}

#[tokio::test]
async fn who_has_a_second_factor_gets_in_whatever_others_try_behind_one_proxy() {
    let (room, admin) = Room::staffed().await;
    let begun = room.post("/api/me/second", &admin, json!({})).await.json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let now = room.app.clock.now().wall_ms;
    let digits = |ms: i64| centre::auth::second::code(&secret, ms).unwrap();
    for n in 0..60 {
        try_in(&room, "127.0.0.1", "", &format!("nobody{n}"), "wrong").await;
    }
    // Switching it on, coming in with it and switching it off: none of them waits for strangers.
    let on = json!({ "digits": digits(now - 30_000) });
    let confirmed = room.post("/api/me/second/confirm", &admin, on).await.status;
    assert_eq!(confirmed, StatusCode::NO_CONTENT);
    let right = json!({ "name": "1000", "password": SECRET, "second": digits(now) });
    assert_eq!(room.post("/api/login", "", right).await.status, StatusCode::OK);
    let off = json!({ "digits": digits(now + 30_000) });
    assert_eq!(
        room.call(Method::DELETE, "/api/me/second", &admin, Some(off)).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_lost_administrator_comes_back_by_a_code_of_the_machine_once() {
    let (room, admin) = Room::staffed().await;
    room.colleague(&admin, "2001", "operator").await;
    let id = listed(&room, &admin, "2001").await["id"].as_str().unwrap().to_owned();
    room.call(Method::DELETE, &format!("/api/staff/{id}"), &admin, None).await;
    for name in ["2001", "9000"] {
        let now = room.app.clock.now().wall_ms;
        let code = centre::auth::recovery::offer(&room.app.config.data, name, now).unwrap();
        let body = json!({ "code": code.to_lowercase() });
        let answer = room.post("/api/login", "", body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json()["staff"]["role"], "admin");
        assert_eq!(room.post("/api/login", "", body).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(listed(&room, &admin, "9000").await["role"], "admin");
}

#[tokio::test]
async fn operations_have_a_listener_of_their_own_where_one_is_configured() {
    let room = Room::told("operations = '127.0.0.1:0'").await;
    for path in ["/health", "/metrics"] {
        assert_eq!(room.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let room = Room::open().await;
    assert_eq!(room.get("/metrics", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_tells_proxies_not_to_keep_it_back() {
    let (room, admin) = Room::staffed().await;
    let request = Request::get("/api/stream").header("cookie", &admin);
    let answer = room.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
}
