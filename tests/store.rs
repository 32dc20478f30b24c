//! The stores: one suite of cases, run against the GeoPackage and against PostGIS.
//!
//! `make test` starts a throw-away PostgreSQL for them. WANGGE_TEST_STORES=gpkg runs the embedded half alone.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test binary, but clippy sees tests only in #[test] functions

#[path = "store/bad_input.rs"]
mod bad_input;
#[path = "store/conformance.rs"]
mod conformance;
#[path = "store/delta.rs"]
mod delta;
#[path = "store/gis.rs"]
mod gis;
#[path = "store/kill.rs"]
mod kill;
#[path = "store/place.rs"]
mod place;
#[path = "store/sample.rs"]
mod sample;
#[path = "store/steps.rs"]
mod steps;

macro_rules! on_both_stores {
    ($($room:ident::$case:ident),* $(,)?) => {
        mod gpkg {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::place::on(crate::place::Kind::GeoPackage, crate::$room::$case).await;
            })*
        }

        mod postgis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::place::on(crate::place::Kind::PostGis, crate::$room::$case).await;
            })*
        }
    };
}

on_both_stores! {
    conformance::an_empty_store_knows_nothing,
    conformance::everything_comes_back_as_it_was,
    conformance::many_rows_go_in_and_are_replaced,
    conformance::a_first_import_keeps_the_index_and_waits_for_nobody,
    conformance::changes_apply_in_their_order,
    conformance::deleting_leaves_the_rest,
    conformance::a_stale_commit_is_a_conflict,
    conformance::nothing_to_do_is_no_commit,
    conformance::the_log_says_what_happened,
    conformance::versions_have_no_gap_under_competition,
    conformance::a_failing_commit_leaves_nothing,
    conformance::a_load_is_one_state_while_others_commit,
    conformance::a_change_wakes_who_waits,
    conformance::who_waits_is_woken_in_milliseconds,
    conformance::time_is_kept_to_the_millisecond,
    conformance::a_newer_schema_is_refused,
    conformance::a_changed_schema_is_damage,
    conformance::a_damaged_row_is_named,
    conformance::cells_and_communities_have_shapes_for_a_gis,
    conformance::a_copy_is_indexed_and_the_same,
    delta::a_delta_leads_from_every_version_to_the_newest,
    delta::a_delta_is_given_where_every_commit_says_its_rows,
    delta::a_database_of_the_first_schema_is_brought_up_to_date,
    kill::a_killed_process_leaves_old_or_new,
    kill::a_killed_publisher_leaves_one_plan_in_force,
    steps::a_step_changes_the_store_as_the_model,
    steps::the_log_of_a_draft_outlives_the_process,
    steps::a_step_that_does_not_fit_is_refused,
    steps::plans_change_their_life_together,
}

/// Started and killed by [`kill::a_killed_process_leaves_old_or_new`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of its own for the kill test"]
async fn a_process_that_commits_for_ever() {
    kill::commit_for_ever().await;
}

/// Started and killed by [`kill::a_killed_publisher_leaves_one_plan_in_force`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of its own for the kill test"]
async fn a_process_that_publishes_for_ever() {
    kill::publish_for_ever().await;
}
