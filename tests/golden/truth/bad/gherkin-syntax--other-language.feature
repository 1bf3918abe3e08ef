Egenskap: Anbud

  Scenario: Ett anbud
    Givet x
