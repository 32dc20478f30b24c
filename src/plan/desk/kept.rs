//! What a command keeps of a file of cells drawn elsewhere. Such files carry what is nobody's business here (who is in charge, telephone
//! numbers), and a command stands in the log for good: it holds what taking over reads, and nothing else.

use serde_json::{Map, Value, json};

use crate::model::Code;

/// A GeoJSON FeatureCollection with the ground of each feature, its cell's code and name, and the CRS. What is no such collection
/// comes back as it is: it is refused, and what is refused is in no log.
pub fn kept_plan(plan: Value) -> Value {
    let Value::Object(mut plan) = plan else { return plan };
    let Some(Value::Array(features)) = plan.get_mut("features") else { return Value::Object(plan) };
    let features = features.drain(..).map(feature).collect();
    let mut kept = own(&mut plan, &["type"]);
    if let Some(name) = plan.get("crs").and_then(|crs| crs.pointer("/properties/name")?.as_str()) {
        kept.insert("crs".to_owned(), json!({"type": "name", "properties": {"name": name}}));
    }
    kept.insert("features".to_owned(), Value::Array(features));
    Value::Object(kept)
}

fn feature(feature: Value) -> Value {
    let Value::Object(mut feature) = feature else { return feature };
    let mut kept = own(&mut feature, &["type"]);
    let geometry = match feature.shift_remove("geometry") {
        Some(Value::Object(mut geometry)) => Value::Object(own(&mut geometry, &["type", "coordinates"])),
        other => other.unwrap_or_default(),
    };
    kept.insert("geometry".to_owned(), geometry);
    let property = |name: &str| match feature.get("properties").and_then(|properties| properties.get(name)) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let id = || feature.get("id").and_then(Value::as_str).map(str::to_owned);
    // What stands there and is no code may be anything.
    let code = property("cell_code").or_else(|| property("code")).or_else(id).filter(|text| Code::new(text).is_ok());
    let words = [("cell_code", code), ("name", property("name"))];
    let words: Map<String, Value> = words.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?)))).collect();
    kept.insert("properties".to_owned(), Value::Object(words));
    Value::Object(kept)
}

/// The members of these names.
fn own(object: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| object.shift_remove_entry(*name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nobodys_business_is_left_out() {
        let ground = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]], "bbox": [0, 0, 1, 1], "by": "王五"});
        let own_ground = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]});
        let foreign = json!({
            "type": "FeatureCollection", "name": "王五的网格", "generator": {"phone": "13800138000"},
            "crs": {"type": "name", "properties": {"name": "EPSG:4490", "by": "王五"}},
            "features": [
                {"type": "Feature", "id": "520201011001001", "geometry": ground, "properties": {"name": "东", "网格员": "王五", "phone": 13800138000_u64}},
                {"type": "Feature", "id": 7, "geometry": ground, "properties": {"cell_code": 520201011001002_u64, "code": "王五", "name": ["王五"]}},
                {"type": "Feature", "id": "王五", "geometry": null, "properties": null, "photo": "王五.jpg"},
                "王五",
            ],
        });
        let kept = json!({
            "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:4490"}},
            "features": [
                {"type": "Feature", "geometry": own_ground, "properties": {"cell_code": "520201011001001", "name": "东"}},
                {"type": "Feature", "geometry": own_ground, "properties": {"cell_code": "520201011001002"}},
                {"type": "Feature", "geometry": null, "properties": {}},
                "王五",
            ],
        });
        assert_eq!(kept_plan(foreign), kept);
        // Once is as good as twice, and what is no collection is left to be refused.
        assert_eq!(kept_plan(kept.clone()), kept);
        for other in [json!(7), json!({"type": "Feature", "by": "王五"}), json!({"features": {}})] {
            assert_eq!(kept_plan(other.clone()), other);
        }
    }

    #[test]
    fn a_code_that_is_none_does_not_give_way_to_the_next() {
        let plan = |properties: Value| json!({"type": "FeatureCollection", "features": [{"type": "Feature", "id": "520201011001001", "geometry": null, "properties": properties}]});
        let kept = |properties| kept_plan(plan(properties))["features"][0]["properties"].clone();
        assert_eq!(kept(json!({"cell_code": "第一"})), json!({}), "as if it had none");
        assert_eq!(kept(json!({"cell_code": null})), json!({"cell_code": "520201011001001"}));
    }
}
