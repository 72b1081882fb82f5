"""A table with gaps and words, prepared by scikit-learn, explained by fitx, the method chosen by cross-validation."""

import warnings

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import fitx

warnings.simplefilter("ignore", fitx.FitxWarning)  # that no rows are held out: the folds below hold some back
cars = pd.read_csv("data.csv", comment="#")
X, price = cars.drop(columns="price"), cars["price"]

columns = make_column_transformer(
    (SimpleImputer(strategy="median"), ["age", "distance"]),
    (OneHotEncoder(drop="if_binary", sparse_output=False), ["fuel"]),
    verbose_feature_names_out=False,
).set_output(transform="pandas")  # names reach fitx, and so the formula
model = make_pipeline(columns, fitx.Regressor(holdout=0, options={"mars.max_degree": 1}))
search = GridSearchCV(model, {"regressor__method": ["poly", "mars"]}, cv=5).fit(X, price)

for method, r2 in zip(
    search.cv_results_["param_regressor__method"], search.cv_results_["mean_test_score"], strict=True
):
    print(f"{method}: r2 {r2:.3f}")
found = search.best_estimator_[-1]
print(f"{price.name} = {found.fit_}")
print(search.predict(pd.DataFrame({"age": [3, 10], "distance": [40, None], "fuel": ["petrol", "electric"]})).round(1))
