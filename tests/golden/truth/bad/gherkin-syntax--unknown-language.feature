# language: svenska
Egenskap: Anbud
