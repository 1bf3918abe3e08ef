# language: sv
Egenskap: Anbud

  @invariant @structural
  Scenario: Ett anbud har en leverantör
    Givvet any fact under key "Strategies" with id "offer:*"
    Så field "vendor" must not be "nobody"

  @invariant @structural
  Scenario: Ett anbud har ett pris
    Given any fact under key "Strategies" with id "offer:*"
    Så field "price" must be greater than 0
    Then field "price" must be less than 100

  @e2e
  Scenario: Det räcker med ett anbud
    Så: it is enough
