//! The stores: one suite of cases, run against the GeoPackage and against PostGIS.
//!
//! `make test` starts a throw-away PostgreSQL for them. WANGGE_TEST_STORES=gpkg runs the embedded half alone.

#[path = "store/bad_input.rs"]
mod bad_input;
#[path = "store/conformance.rs"]
mod conformance;
#[path = "store/gis.rs"]
mod gis;
#[path = "store/kill.rs"]
mod kill;
#[path = "store/place.rs"]
mod place;
#[path = "store/sample.rs"]
mod sample;

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
    conformance::changes_apply_in_their_order,
    conformance::deleting_leaves_the_rest,
    conformance::a_stale_commit_is_a_conflict,
    conformance::nothing_to_do_is_no_commit,
    conformance::the_log_says_what_happened,
    conformance::versions_have_no_gap_under_competition,
    conformance::a_failing_commit_leaves_nothing,
    conformance::a_load_is_one_state_while_others_commit,
    conformance::a_change_wakes_who_waits,
    conformance::time_is_kept_to_the_millisecond,
    conformance::a_newer_schema_is_refused,
    conformance::a_changed_schema_is_damage,
    conformance::a_damaged_row_is_named,
    conformance::cells_and_communities_have_shapes_for_a_gis,
    conformance::a_copy_is_indexed_and_the_same,
    kill::a_killed_process_leaves_old_or_new,
}

/// Started and killed by [`kill::a_killed_process_leaves_old_or_new`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of its own for the kill test"]
async fn a_process_that_commits_for_ever() {
    kill::commit_for_ever().await;
}
