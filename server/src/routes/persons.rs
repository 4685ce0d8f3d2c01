//! Who lives in a home and whom to call: entered, edited field by field, ended. A field that is left out stays as it is.
//!
//! Not here: the rules (`provision::person`), and who may read what (`desk::rights`).

mod forms;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use self::forms::{ContactForm, HomeForm, Leaving, PersonForm, set};
use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::routes::enrol::{home_id, refused};
use crate::routes::homes::number;
use crate::session::As;
use centre::auth::Staff;
use centre::auth::role::Enrolling;
use centre::command::Command;
use records::contact::Contact;
use records::edit::By;
use records::resident::Resident;

fn by<'a>(app: &App, me: &'a Staff) -> By<'a> {
    By { staff: &me.id, wall_ms: app.clock.now().wall_ms }
}

/// Others live there: names are read anew, and what is learned of the home begins anew.
async fn turned(app: &App, home: i64) {
    app.names.forget_home(home);
    app.commands.tell(Command::Residents { home }).await;
}

/// Enters who lives in a home and whom to call, beside whoever lives there; one of the same name is edited.
#[utoipa::path(post, path = "/api/homes/{id}/resident", params(("id" = String, Path)),
    request_body = PersonForm,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn resident(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(mut body): Body<PersonForm>,
) -> ApiResult<Json<Value>> {
    let home = home_id(&id)?;
    let contacts = std::mem::take(&mut body.contacts).into_iter().map(ContactForm::whole);
    let contacts = contacts.collect::<ApiResult<Vec<Contact>>>()?;
    let name = body.name.clone().ok_or_else(|| ApiError::input("name"))?;
    let born = body.born;
    let change = |known: &mut Resident| body.over(known);
    let entered =
        app.provision.enter_person(home, (&name, born), change, &contacts, by(&app, &me)).await;
    let entered = entered.map_err(refused)?;
    let number = number(&id)?;
    match entered.moved_in {
        true => turned(&app, number).await,
        false => app.names.forget_home(number),
    }
    Ok(Json(json!({ "resident": entered.person, "moved_in": entered.moved_in })))
}

/// Somebody, or everybody, lives in a home no more.
#[utoipa::path(post, path = "/api/homes/{id}/resident/leave", params(("id" = String, Path)),
    request_body = Leaving,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn leave(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<Leaving>,
) -> ApiResult<Json<Value>> {
    let home = number(&id)?;
    let why = body.why.as_deref().unwrap_or("moved");
    let gone = app.provision.leave(home, body.resident.as_deref(), why, by(&app, &me)).await;
    let gone = gone.map_err(refused)?;
    if !gone.is_empty() {
        turned(&app, home).await;
    }
    Ok(Json(json!({ "left": gone })))
}

/// Edits a person.
#[utoipa::path(patch, path = "/api/residents/{id}", params(("id" = String, Path)),
    request_body = PersonForm,
    responses((status = 204), (status = 401), (status = 403), (status = 422)))]
pub async fn edit(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<PersonForm>,
) -> ApiResult<StatusCode> {
    if !body.contacts.is_empty() || body.entry.is_some() {
        return Err(ApiError::input("contacts, entry"));
    }
    let home = app.provision.edit_person(&id, |known| body.over(known), by(&app, &me)).await;
    app.names.forget_home(home.map_err(refused)?);
    Ok(StatusCode::NO_CONTENT)
}

/// Puts somebody on the list of whom to call for a person.
#[utoipa::path(post, path = "/api/residents/{id}/contacts", params(("id" = String, Path)),
    request_body = ContactForm,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn add_contact(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<ContactForm>,
) -> ApiResult<Json<Value>> {
    let contact = body.whole()?;
    let added = app.provision.add_contact(&id, &contact, by(&app, &me)).await;
    Ok(Json(json!({ "contact": added.map_err(refused)?.0 })))
}

/// Edits somebody on a list.
#[utoipa::path(patch, path = "/api/contacts/{id}", params(("id" = String, Path)),
    request_body = ContactForm,
    responses((status = 204), (status = 401), (status = 403), (status = 422)))]
pub async fn edit_contact(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<ContactForm>,
) -> ApiResult<StatusCode> {
    let body = body.callable()?;
    let done = app.provision.edit_contact(&id, |known| body.over(known), by(&app, &me)).await;
    done.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody off a list.
#[utoipa::path(delete, path = "/api/contacts/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 422)))]
pub async fn end_contact(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    app.provision.end_contact(&id, by(&app, &me)).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Edits where a home is.
#[utoipa::path(patch, path = "/api/homes/{id}", params(("id" = String, Path)),
    request_body = HomeForm,
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn edit_home(
    State(app): State<Arc<App>>,
    As(me, ..): As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<HomeForm>,
) -> ApiResult<StatusCode> {
    let home = home_id(&id)?;
    let change = |row: &mut records::home::HomeRow| {
        set(&mut row.label, body.label);
        set(&mut row.address, body.address);
        set(&mut row.entry, body.entry);
    };
    app.provision.edit_home(home, change, by(&app, &me)).await.map_err(refused)?;
    app.names.forget_home(number(&id)?);
    Ok(StatusCode::NO_CONTENT)
}
